import { spawn } from "node:child_process";
import { freePorts } from "@zcloud/testing";

/** A TCP server that speaks first, in a process of its own, so that it can be stopped: its kernel still takes connections. */
export interface Greeter {
  readonly port: number;
  signal(signal: NodeJS.Signals): void;
}

/** `tells`: it wants the PROXY protocol, version 2, before it greets. */
const program = `
const [port, greeting, tells] = process.argv.slice(1);
const server = require("node:net").createServer((socket) => {
  socket.on("error", () => {});
  if (tells === "false") return void socket.write(greeting);
  socket.once("data", (data) => {
    if (data.subarray(0, 12).toString("hex") === "0d0a0d0a000d0a515549540a") socket.write(greeting);
    else socket.destroy();
  });
});
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready"));
`;

export async function startGreeter(greeting: string, tells = false): Promise<Greeter> {
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, ["-e", program, String(port), greeting, String(tells)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", () => reject(new Error(`start a server that says ${greeting}: it ended`)));
  });
  return { port, signal: (signal) => void child.kill(signal) };
}
