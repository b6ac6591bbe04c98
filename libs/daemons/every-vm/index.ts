import type { RoleContext, RoleDefinition, RoleLoop, StatusProblem } from "@zcloud/service";
import { createResolver, desiredResolver, resolverPlaces } from "../resolver/index.ts";
import { createTimezone, utc } from "../timezone/index.ts";
import { dnsMetrics, openControl } from "../unbound/index.ts";
import { clockPart } from "./clock-part.ts";
import { diskPart } from "./disk-part.ts";
import { firewallLoop } from "./firewall-part.ts";
import { logPart } from "./log-part.ts";
import { numbersPart } from "./numbers.ts";
import { sshPart } from "./ssh-part.ts";
import { upgradesPart } from "./upgrades-part.ts";

interface CommonPart {
  readonly loops: readonly RoleLoop[];
  facts(): Readonly<Record<string, unknown>>;
  problems(): readonly StatusProblem[];
}

/** A role with what every VM has beside it: its resolver, its clock, its firewall, its journal and the way of that to znet. */
export function onEveryVm(definition: RoleDefinition): RoleDefinition {
  return {
    role: definition.role,
    async start(ctx) {
      const parts = await definition.start(ctx);
      const common = commonPart(ctx);
      return {
        ...parts,
        loops: [...parts.loops, ...common.loops],
        facts: () => ({ ...parts.facts?.(), ...common.facts() }),
        problems: () => [...(parts.problems?.() ?? []), ...common.problems()],
      };
    },
  };
}

function commonPart(ctx: RoleContext): CommonPart {
  const log = logPart(ctx);
  const disk = diskPart(ctx);
  const time = clockPart(ctx);
  const ssh = sshPart(ctx);
  const upgrades = upgradesPart(ctx);
  dnsMetrics(ctx.metrics, "zcloud_resolver_", openControl(resolverPlaces.control));
  return {
    loops: [
      ctx.loop({
        reconciler: createResolver({ host: ctx.host, clock: ctx.clock }),
        desired: ({ map, self }) => desiredResolver(map, self),
        essential: false,
        resyncMs: 60_000,
      }),
      time.loop,
      ctx.loop({
        reconciler: createTimezone({ host: ctx.host }),
        desired: () => utc,
        essential: false,
        resyncMs: 300_000,
      }),
      firewallLoop(ctx),
      disk.loop,
      ...log.loops,
      ssh.loop,
      ...numbersPart(ctx, log.behind),
      upgrades.loop,
    ],
    facts: () => ({ log: { behind: log.behind() }, clock: time.facts() }),
    problems: () => [
      ...time.problems(),
      ...ssh.problems(),
      ...upgrades.problems(),
      ...log.problems(),
      ...disk.problems(),
    ],
  };
}
