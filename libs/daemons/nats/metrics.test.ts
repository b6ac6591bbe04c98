import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { afterEach, expect, test } from "vitest";
import { busMetrics } from "./metrics.ts";

let server: Server | undefined;
afterEach(() => server?.close());

const varz = {
  ...{ server_id: "NA", connections: 5, leafnodes: 1, slow_consumers: 2, mem: 4_096 },
  ...{ in_msgs: 10, out_msgs: 20, in_bytes: 30, out_bytes: 40 },
  jetstream: { config: { max_storage: 1_000 }, stats: { storage: 100, memory: 7, api: { total: 9, errors: 3 } } },
};

/** A registry over a server whose /varz answers so; `asked` counts. */
async function exported(answer: () => unknown) {
  let asked = 0;
  server = createServer((request, response) => {
    if (request.url === "/varz") asked += 1;
    response.end(JSON.stringify(answer()));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const registry = new Registry();
  const { port } = server.address() as AddressInfo;
  busMetrics(registry, new AbortController().signal, `127.0.0.1:${port}`);
  const samples = async (): Promise<Record<string, number>> => {
    // A scrape of its own: what one found is remembered until its turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    const lines = (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return Object.fromEntries(lines.map((line) => line.split(" ")).map(([name, value]) => [name, Number(value)]));
  };
  return { samples, asked: () => asked };
}

test("the server's own numbers, by one question a scrape, and the same at the next", async () => {
  const { samples, asked } = await exported(() => varz);
  const all = {
    ...{ zcloud_bus_up: 1, zcloud_bus_connections: 5, zcloud_bus_leafnodes: 1, zcloud_bus_memory_bytes: 4_096 },
    ...{ zcloud_bus_storage_bytes: 100, zcloud_bus_storage_limit_bytes: 1_000 },
    ...{ zcloud_bus_messages_in_total: 10, zcloud_bus_messages_out_total: 20 },
    ...{ zcloud_bus_bytes_in_total: 30, zcloud_bus_bytes_out_total: 40 },
    ...{ zcloud_bus_slow_consumers_total: 2, zcloud_bus_api_errors_total: 3 },
  };
  expect(await samples()).toEqual(all);
  expect(asked()).toBe(1);
  expect(await samples()).toEqual(all);
  expect(asked()).toBe(2);
});

test.each([
  ["something else", { hello: "world" }],
  ["numbers that are none", { ...varz, connections: "5" }],
])("%s: it is not up, and its numbers are missing, not 0", async (_what, said) => {
  const { samples } = await exported(() => said);
  expect(await samples()).toEqual({ zcloud_bus_up: 0 });
});

test("one that goes away and comes back leaves no jump in a counter", async () => {
  let there = true;
  const { samples } = await exported(() => (there ? varz : {}));
  expect((await samples())["zcloud_bus_messages_in_total"]).toBe(10);
  there = false;
  expect(await samples()).toEqual({ zcloud_bus_up: 0 });
  there = true;
  expect((await samples())["zcloud_bus_messages_in_total"]).toBe(10);
});
