import { createServer, type Server, type Socket } from "node:net";
import { freePorts } from "@zcloud/testing";
import { afterEach, expect, test } from "vitest";
import { askPort } from "./ask-port.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function door(serve: (socket: Socket) => void) {
  const server = createServer((socket) => serve(socket.on("error", () => {})));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { site: "north", address: "127.0.0.1", port: (server.address() as { port: number }).port };
}

async function ask(serve: (socket: Socket) => void, greets?: string, patience = 400) {
  const target = { door: await door(serve), ...(greets === undefined ? {} : { greets }) };
  return askPort(target, { patience, signal: new AbortController().signal });
}

test.each([
  ["a greeting in one piece", "220", (socket: Socket) => socket.write("220 mail.example ESMTP\r\n")],
  ["in pieces", "* OK", (socket: Socket) => void [socket.write("* "), setTimeout(() => socket.write("OK "), 30)]],
  ["several lines", "220-", (socket: Socket) => socket.write("220-one\r\n220 two\r\n")],
  ["silence, where nothing was promised", undefined, () => {}],
  ["words, where nothing was promised, and an end", undefined, (socket: Socket) => socket.end("x\n")],
])("%s is well", async (_what, greets, serve) => {
  expect(await ask((socket) => void serve(socket), greets)).toEqual({
    ...{ ok: true, ms: expect.any(Number), servedBy: undefined },
  });
});

test.each([
  [
    "other words",
    (socket: Socket) => socket.write("554 No\u001b[31m\r\nmore"),
    "status",
    'greets with "554 No?[31m" instead of "220"',
  ],
  ["an end in the middle", (socket: Socket) => socket.end("22"), "status", 'greets with "22" instead of "220"'],
  ["an end at once", (socket: Socket) => socket.end(), "status", "the connection was ended at once"],
  ["a reset", (socket: Socket) => socket.resetAndDestroy(), "status", "the connection was broken off"],
  ["silence", () => {}, "timeout", "no greeting within 0.4 s"],
  [
    "a line that never ends",
    (socket: Socket) => socket.write("x".repeat(2_000)),
    "status",
    `greets with "${"x".repeat(60)}" instead of "220"`,
  ],
])("%s, where a greeting was promised, is not", async (_what, serve, kind, reason) => {
  expect(await ask((socket) => void serve(socket), "220")).toEqual({ ok: false, ms: expect.any(Number), kind, reason });
});

test("an end at once is a front that has nobody, also where nothing was promised", async () => {
  expect(await ask((socket) => socket.end())).toMatchObject({ ok: false, reason: "the connection was ended at once" });
});

test("nobody who listens is a matter of the port's, and the end of the service ends a probe", async () => {
  const [closed = 0] = await freePorts(1);
  const nobody = { site: "south", address: "127.0.0.1", port: closed };
  const { signal } = new AbortController();
  const refused = await askPort({ door: nobody }, { patience: 400, signal });
  expect(refused).toMatchObject({ kind: "connect", reason: "connection refused" });
  const ending = new AbortController();
  const asked = askPort({ door: await door(() => {}), greets: "220" }, { patience: 60_000, signal: ending.signal });
  setTimeout(() => ending.abort(), 50);
  expect(await asked).toMatchObject({ ok: false, reason: "probing was ended" });
});
