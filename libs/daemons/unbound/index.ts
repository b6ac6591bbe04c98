export { allSpecial } from "./addresses.ts";
export { openControl, UnboundControlError } from "./control.ts";
export { createUnbound, systemdVerbs, type UnboundOptions, type UnboundVerbs } from "./daemon.ts";
export { dnsMetrics } from "./metrics.ts";
export { planUnbound, type UnboundAction, type UnboundDesired, type UnboundObserved } from "./plan.ts";
export { joinRecords, publicRecords, type Records } from "./records.ts";
export { identityOf, type Places, productionPlaces, renderUnbound, withIdentity } from "./render.ts";
export { type Zone, type ZoneAge, zoneRecords } from "./zone.ts";
