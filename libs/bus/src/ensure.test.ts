import { expect, test } from "vitest";
import { streamsOf } from "./ensure.ts";

test("a site has its buckets and events; with a peer also a mirror of each bucket that is mirrored", () => {
  const own = ["KV_map", "KV_stacks", "KV_endpoints", "KV_status", "KV_intents", "KV_uptime", "events"];
  expect(streamsOf(undefined).map(({ name }) => name)).toEqual(own);
  const both = streamsOf("south");
  expect(both.map(({ name }) => name)).toEqual([...own, "KV_peer_stacks", "KV_peer_endpoints", "KV_peer_status"]);
  const mirrors = both.filter(({ mirror }) => mirror !== undefined);
  expect(mirrors.map(({ mirror }) => [mirror?.name, mirror?.external?.api])).toEqual([
    ["KV_stacks", "$JS.south.API"],
    ["KV_endpoints", "$JS.south.API"],
    ["KV_status", "$JS.south.API"],
  ]);
});

test("all limits together fit the server's store", () => {
  const bytes = streamsOf("south").reduce((sum, { max_bytes: max }) => sum + (max ?? 0), 0);
  expect(bytes).toBeLessThanOrEqual(2 * 1024 ** 3);
});
