import type { HostEntry, ZMap } from "@zcloud/map";
import { operatorsComeFrom, wayToBus } from "./flows.ts";
import type { FirewallPlaces } from "./places.ts";
import type { FirewallDesired } from "./plan.ts";
import { operatorRule, renderVmFirewall } from "./render.ts";
import { renderFirewallUnit } from "./unit.ts";

export { createFirewall } from "./daemon.ts";
export { firewallMetrics } from "./metrics.ts";
export { firewallPlaces } from "./places.ts";

/** The firewall of one VM; never that of a hypervisor, which is zctl's (nftables). */
export function desiredFirewall(map: ZMap, self: HostEntry, places: FirewallPlaces): FirewallDesired {
  return {
    rules: renderVmFirewall(map, self),
    operators: operatorRule(operatorsComeFrom(map, self)),
    bus: wayToBus(map, self),
    unitFiles: new Map([[places.unitFile, { content: renderFirewallUnit(places), mode: 0o644 }]]),
  };
}
export { desiredWitnessFirewall } from "./witness.ts";
