export { createNats, type NatsControl, type NatsOptions, systemdControl } from "./daemon.ts";
export { busMetrics } from "./metrics.ts";
export { type Permissions, permissionsOf } from "./permissions.ts";
export { type Material, type NatsAction, type NatsDesired, type NatsObserved, planNats } from "./plan.ts";
export { renderNats } from "./render.ts";
