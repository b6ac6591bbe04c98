import type { RoleContext, RoleLoop } from "@zcloud/service";
import { createFirewall, desiredFirewall, firewallMetrics, firewallPlaces } from "../vm-firewall/index.ts";

/** The host's own firewall, behind its hypervisor's. */
export function firewallLoop(ctx: RoleContext): RoleLoop {
  const places = firewallPlaces(ctx.paths.state);
  const firewall = createFirewall({ host: ctx.host, places });
  firewallMetrics(ctx.metrics, firewall.listing);
  return ctx.loop({
    reconciler: firewall,
    desired: ({ map, self }) => desiredFirewall(map, self, places),
    essential: false,
    resyncMs: 60_000,
  });
}
