import type { RoleContext } from "@zcloud/service";
import { createUpgrades, desiredUpgrades, upgradesMetrics, upgradesProblems } from "../upgrades/index.ts";

/** Debian's security upgrades, in the site's window. */
export function upgradesPart(ctx: RoleContext) {
  const upgrades = createUpgrades({ host: ctx.host });
  upgradesMetrics(ctx.metrics, upgrades.report);
  return {
    loop: ctx.loop({
      reconciler: upgrades,
      desired: ({ map, self }) => desiredUpgrades(map, self),
      essential: false,
      resyncMs: 300_000,
    }),
    problems: () => upgradesProblems(upgrades.report(), ctx.clock.now()),
  };
}
