import { expect, test } from "vitest";
import { parseTargets, watchTargets } from "./targets.ts";

const target = (host: string, health: string, job = "zcloud") => ({
  labels: { job, host, instance: "10.64.1.16:9550" },
  health,
  lastError: health === "down" ? "connection refused" : "",
  scrapePool: job,
});
const answer = (...activeTargets: readonly unknown[]) => JSON.stringify({ status: "success", data: { activeTargets } });

test("those that are down are read, with the reason; one that was not asked yet is not down", () => {
  const text = answer(target("north/zfront", "up"), target("north/zpod1", "down"), target("north/zmah1", "unknown"));
  expect(parseTargets(text)).toEqual([{ job: "zcloud", host: "north/zpod1", reason: "connection refused" }]);
  const long = answer({ ...target("north/zpod1", "down"), lastError: "x".repeat(5_000) });
  expect(parseTargets(long)?.[0]?.reason).toHaveLength(200);
});

test.each(["", "{", "[]", '{"status":"error"}', answer({ labels: {} })])("%j is no answer", (text) => {
  expect(parseTargets(text)).toBeUndefined();
});

test("a target is a problem once it is down for longer than a boot takes, and none when it is back", () => {
  let now = 0;
  const watch = watchTargets(() => now);
  const down = [{ job: "node", host: "north/zpod1", reason: "connection refused" }];
  watch.look(down);
  now = 75_000;
  watch.look(down);
  expect(watch.problems()).toEqual([]);
  now = 76_000;
  expect(watch.problems()[0]?.what).toBe("no numbers from node of north/zpod1: connection refused");
  watch.look([]);
  expect(watch.problems()).toEqual([]);
  watch.look(down);
  expect(watch.problems()).toEqual([]);
});

test("many are one line; Prometheus itself comes before those whom it asks", () => {
  let now = 0;
  const watch = watchTargets(() => now);
  const down = ["a", "b", "c", "d", "e"].map((host) => ({ job: "node", host: `north/${host}`, reason: "gone" }));
  watch.look(down);
  now = 80_000;
  watch.look(down);
  expect(watch.problems()[0]?.what).toBe(
    "no numbers from node of north/a, node of north/b, node of north/c and 2 more: gone",
  );
  watch.look(undefined);
  expect(watch.problems()).toEqual([]);
  now = 160_000;
  watch.look(undefined);
  expect(watch.problems().map(({ what }) => what)).toEqual([expect.stringMatching(/^Prometheus does not answer/)]);
});
