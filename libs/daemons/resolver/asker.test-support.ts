import { createSocket } from "node:dgram";
import { outcome, question } from "./dns-message.test-support.ts";

/**
 * Asks the resolver at 127.0.0.1, as a program: `SECONDS PERIOD_MS DOMAIN`. Each question is a name below the domain that
 * nobody asked before, or the domain itself where it begins with `=`. Prints JSON: `[sent ms, answered ms,
 * outcome]`; 0 and empty where there was no answer in 5 s.
 */
const [, , seconds = "1", period = "20", domain = ""] = process.argv;
const asked: [number, number, string][] = [];
const socket = createSocket("udp4");
socket.on("message", (message) => {
  const entry = asked[message.readUInt16BE(0)];
  if (entry === undefined || entry[1] !== 0) return;
  entry[1] = Date.now();
  entry[2] = outcome(message);
});
socket.bind(0, "127.0.0.1", () => {
  const timer = setInterval(() => {
    const id = asked.push([Date.now(), 0, ""]) - 1;
    const name = domain.startsWith("=") ? domain.slice(1) : `${domain.split(".")[0]}${process.pid}-${id}.${domain}`;
    socket.send(question(id, name), 53, "127.0.0.1");
  }, Number(period));
  setTimeout(() => {
    clearInterval(timer);
    const until = Date.now() + 5_000;
    const end = setInterval(() => {
      if (Date.now() < until && asked.some(([, answered]) => answered === 0)) return;
      clearInterval(end);
      process.stdout.write(JSON.stringify(asked));
      socket.close();
    }, 20);
  }, Number(seconds) * 1_000);
});
