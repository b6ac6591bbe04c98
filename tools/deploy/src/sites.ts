import type { HostEntry, ZMap } from "@zcloud/map";
import type { Outcome } from "./rollout.ts";

export type Rollout = (entry: HostEntry) => Promise<Outcome>;
export type Told = (entry: HostEntry, outcome: Outcome) => void;

/**
 * Site by site in the order of the map, all hosts of a site at once: while one site takes a new version, the other
 * serves with the old one. A site that did not become ready ends the roll-out; one out of reach does not.
 * @returns exit status: 0 done, 1 failed, 3 some hosts are out of reach
 */
export async function rollOutBySite(map: ZMap, role: string, rollout: Rollout, told: Told): Promise<0 | 1 | 3> {
  let unreachable = false;
  for (const site of map.sites) {
    const hosts = site.hosts.filter((host) => host.role === role);
    const outcomes = await Promise.all(
      hosts.map(async (entry) => {
        const outcome = await rollout(entry);
        told(entry, outcome);
        return outcome.kind;
      }),
    );
    if (outcomes.some((kind) => kind === "failed" || kind === "rolled-back")) return 1;
    unreachable ||= outcomes.includes("unreachable");
  }
  return unreachable ? 3 : 0;
}
