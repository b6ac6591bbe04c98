export { createUnbound, systemdVerbs, type UnboundOptions, type UnboundVerbs } from "./daemon.ts";
export { planUnbound, type UnboundAction, type UnboundDesired, type UnboundObserved } from "./plan.ts";
export { desiredRecords, type Records } from "./records.ts";
export { renderUnbound } from "./render.ts";
