import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openSession } from "./session.ts";

const path = join(tmpdir(), `zcloud-session-${process.pid}.sock`);
let server: Server | undefined;
let connections = 0;

/** Answers each line as `answer` says; undefined: it hangs up in the middle. */
async function listen(answer: (line: string) => string | undefined): Promise<void> {
  connections = 0;
  const made = createServer((socket) => {
    connections += 1;
    let waiting = "";
    let pump: NodeJS.Timeout | undefined;
    socket.setEncoding("utf8").on("error", () => {});
    socket.on("data", (text: string) => {
      for (const line of text.trimEnd().split("\n")) {
        const said = answer(line);
        if (said === undefined) return void socket.end("half an ans");
        waiting += `${said}\n\n> `;
      }
      pump ??= setInterval(() => {
        if (waiting === "") return;
        socket.write(waiting.slice(0, 5));
        waiting = waiting.slice(5);
      }, 1);
    });
    socket.on("close", () => clearInterval(pump));
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(path, resolve));
}

afterEach(() => {
  server?.close();
});

test("many commands over one connection, each with its own answer, however it is cut", async () => {
  await listen((line) => (line === "prompt" ? "" : `you said\n${line}`));
  const session = openSession(path, 5_000);
  expect(await session.send("show info")).toBe("you said\nshow info");
  expect(await session.send("show backend")).toBe("you said\nshow backend");
  expect(connections).toBe(1);
  session.close();
  await expect(session.send("show info")).rejects.toThrow("closed by ourselves");
});

test("many commands at once are answered in their order, whatever pieces the answers come in", async () => {
  await listen((line) => (line === "prompt" ? "" : line.startsWith("set") ? "" : `you said\n${line}`));
  const session = openSession(path, 5_000);
  const commands = Array.from({ length: 50 }, (_, index) => (index % 3 === 0 ? `set ${index}` : `show ${index}`));
  const answers = await Promise.all(commands.map((command) => session.send(command)));
  expect(answers).toEqual(commands.map((command) => (command.startsWith("set") ? "" : `you said\n${command}`)));
  session.close();
});

test("a connection that breaks fails the command under way, and those after it", async () => {
  await listen((line) => (line === "prompt" ? "" : undefined));
  const session = openSession(path, 5_000);
  await expect(session.send("show servers state")).rejects.toMatchObject({ code: "RUNTIME_UNREACHABLE" });
  await expect(session.send("show info")).rejects.toMatchObject({ code: "RUNTIME_UNREACHABLE" });
});

test("nobody listens; nobody answers", async () => {
  await expect(openSession(`${path}.nobody`, 5_000).send("show info")).rejects.toMatchObject({
    code: "RUNTIME_UNREACHABLE",
  });
  const stuck = createServer(() => {});
  await new Promise<void>((resolve) => stuck.listen(`${path}.stuck`, resolve));
  await expect(openSession(`${path}.stuck`, 50).send("show info")).rejects.toMatchObject({ code: "RUNTIME_TIMEOUT" });
  stuck.close();
});
