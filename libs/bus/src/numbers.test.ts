import { deflateRawSync, gzipSync } from "node:zlib";
import type { NatsConnection } from "@nats-io/transport-node";
import { numbers } from "@zcloud/events";
import { expect, test, vi } from "vitest";
import type { Session } from "./link.ts";
import { takeNumbers } from "./numbers.ts";

/** A taker whose messages a test says. */
function taker() {
  let now = 0;
  const said: string[] = [];
  const callbacks = new Map<string, (error: null, message: { data: Uint8Array }) => void>();
  const connection = {
    subscribe(subject: string, { callback }: { callback: (error: null, message: { data: Uint8Array }) => void }) {
      callbacks.set(subject, callback);
      return { unsubscribe: () => callbacks.delete(subject) };
    },
  } as unknown as NatsConnection;
  const stop = new AbortController();
  const attach = (session: Session) => {
    session(connection, stop.signal);
    return () => stop.abort();
  };
  const logger = { debug() {}, info() {}, warn: (data: object) => void said.push(JSON.stringify(data)) };
  const taken = takeNumbers({ attach }, ["north/zstore"], { logger, now: () => now });
  return {
    taken,
    said,
    callbacks,
    pass: (ms: number) => {
      now += ms;
    },
    say: (data: Uint8Array) => callbacks.get("zc.numbers.north.zstore")?.(null, { data }),
  };
}
const soon = (look: () => void) => vi.waitFor(look, { timeout: 10_000 });
const good = (value: number) => gzipSync(`# HELP a b\na{c="d"} ${value}\n`);

test("the last numbers are there for a minute, of hosts that are known", async () => {
  const { taken, say, pass, callbacks } = taker();
  expect([...callbacks.keys()]).toEqual(["zc.numbers.north.zstore"]);
  say(good(1));
  await soon(() => expect(taken.textOf("north/zstore")).toContain("} 1\n"));
  pass(15_000);
  say(good(2));
  await soon(() => expect(taken.textOf("north/zstore")).toContain("} 2\n"));
  pass(numbers.stale);
  expect(taken.textOf("north/zstore")).toContain("} 2\n");
  pass(1);
  expect(taken.textOf("north/zstore")).toBeUndefined();
  expect(taken.textOf("south/zstore")).toBeUndefined();
  taken.stop();
  await soon(() => expect(callbacks.size).toBe(0));
});

test.each([
  ["no gzip", deflateRawSync("a 1\n"), /incorrect header/],
  ["nothing", new Uint8Array(), /unexpected end of file/],
  ["a bomb", gzipSync(Buffer.alloc(4 * numbers.mostText, "\n")), /larger than/],
  ["too much", new Uint8Array(numbers.mostPacked + 1), /too many/],
  ["no numbers", gzipSync('a 1\n<script>"\n'), /line 2 is no sample/],
])("%s is left out and told, and the last good ones stay", async (_what, bad, why) => {
  const { taken, say, said, pass } = taker();
  say(good(1));
  await soon(() => expect(taken.textOf("north/zstore")).toBeDefined());
  pass(15_000);
  say(bad);
  await soon(() => expect(said).toHaveLength(1));
  expect(said[0]).toMatch(why);
  expect(taken.textOf("north/zstore")).toContain("} 1\n");
});

test("one that says much is looked at every five seconds", async () => {
  const { say, said, pass } = taker();
  for (let i = 0; i < 100; i += 1) say(gzipSync("bad\n"));
  pass(numbers.least);
  say(gzipSync("bad\n"));
  await soon(() => expect(said).toHaveLength(2));
});
