import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { loadCore, type RunningProxy } from "./front-proxies.ts";
import { nameOf } from "./front-site.ts";
import { median } from "./results.ts";

export const protocols = ["h1", "h2"] as const;
export type Protocol = (typeof protocols)[number];

/** Requests of the shortest turn, and milliseconds that a turn should take: one peer takes milliseconds for a request. */
const fewest = 500;
const turn = 3_000;

/** Microseconds of a core for a request, by proxy and protocol: medians over rounds in which all take turns. */
export async function cpuPerRequest(
  proxies: readonly RunningProxy[],
  h2load: readonly string[],
  { rounds, requests }: { readonly rounds: number; readonly requests: number },
): Promise<ReadonlyMap<string, number>> {
  const all = new Map<string, number[]>();
  const counts = new Map<string, number>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const protocol of protocols) {
      for (const proxy of proxies) {
        const key = `${proxy.name} ${protocol}`;
        const began = performance.now();
        const spent = await once(proxy, protocol, h2load, counts.get(key) ?? fewest);
        // The first round warms up, and tells how many a turn has time for.
        if (round === 0) {
          const each = (performance.now() - began) / fewest;
          counts.set(key, Math.max(fewest, Math.min(requests, Math.round(turn / each))));
          continue;
        }
        all.set(key, [...(all.get(key) ?? []), spent]);
      }
    }
    if (round > 0)
      console.log(
        `  ${round}/${rounds}`,
        [...all].map(([key, spent]) => `${key} ${spent.at(-1)?.toFixed(1)}`).join(", "),
      );
  }
  return new Map([...all].map(([key, spent]) => [key, median(spent)]));
}

/** What a proxy takes while nobody asks it for anything (health checks), as a share of a core. */
export async function idleShare(proxy: RunningProxy, seconds: number): Promise<number> {
  const before = proxy.cpu();
  const start = performance.now();
  await sleep(seconds * 1000);
  return (proxy.cpu() - before) / ((performance.now() - start) / 1000);
}

async function once(
  proxy: RunningProxy,
  protocol: Protocol,
  h2load: readonly string[],
  requests: number,
): Promise<number> {
  const connections = ["-c", "16", "-t", "1", "-m", protocol === "h1" ? "1" : "8", "-n", String(requests)];
  const name = nameOf(7);
  const target = [
    ...(protocol === "h1" ? ["--h1"] : []),
    // As visitors of port 443, whose Host says no port.
    `--connect-to=127.0.0.1:${proxy.port}`,
    `https://${name}/`,
  ];
  const before = proxy.cpu();
  const said = execFileSync("taskset", ["-c", loadCore, ...h2load, ...connections, ...target], { encoding: "utf8" });
  const spent = proxy.cpu() - before;
  const good = Number(/status codes: (\d+) 2xx/.exec(said)?.[1] ?? 0);
  if (good !== requests)
    throw new Error(`load ${proxy.name} by ${protocol}: ${good} of ${requests} answers were good: ${said.slice(-600)}`);
  return (spent / requests) * 1e6;
}
