import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test, vi } from "vitest";
import { freePort, freePorts } from "./ports.ts";

/** Ports that another process gets: a second copy of the module knows no more of the first than a process would. */
async function elsewhere(count: number): Promise<readonly number[]> {
  vi.resetModules();
  const other = await import("./ports.ts");
  return other.freePorts(count);
}

test("no port is given twice, in this process or another", async () => {
  const all = [
    await freePorts(5),
    await elsewhere(20),
    await freePorts(5),
    await elsewhere(20),
    [await freePort()],
  ].flat();
  expect(all).toHaveLength(51);
  expect(new Set(all).size).toBe(51);
});

test("no port is one that the kernel gives to outgoing connections", async () => {
  const [lowest] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
  const ports = await freePorts(10);
  expect(Math.max(...ports)).toBeLessThan(lowest ?? 0);
});

test("a port that somebody listens on is left out", async () => {
  const taken = (await freePort()) + 1;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
  const next = await freePort();
  await new Promise((resolve) => server.close(resolve));
  expect(next).toBeGreaterThan(taken);
});
