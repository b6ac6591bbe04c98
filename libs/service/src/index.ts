export { type FrameOptions, type RunningRole, startRole } from "./frame.ts";
export * from "./map-view.ts";
export * from "./paths.ts";
export * from "./role.ts";
export { runRole } from "./run-role.ts";
export { renderUnit, type UnitOptions } from "./unit.ts";
