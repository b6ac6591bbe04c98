export { type EndpointSpec, endpointSpec, placesOf } from "./endpoint.ts";
export {
  labelOf,
  type OverrideContext,
  renderOverride,
  tenantSlice,
  type UserRange,
  userRange,
  userRanges,
} from "./override.ts";
export { hash, placeStack } from "./placement.ts";
export { composeRules } from "./policy.ts";
export type { Rule } from "./rules.ts";
export { parseTime, ServiceOptions, StackOptions, VolumeOptions } from "./schema.ts";
export type { ServiceSpec, StackSpec, VolumeSpec } from "./spec.ts";
export {
  checkNormalised,
  composeName,
  maxStackBytes,
  ownDirectory,
  problemAt,
  projectName,
  readStack,
  type StackFiles,
  type StackResult,
} from "./stack.ts";
export { compose, renderUnit, resolvedPath, stackDirectory, stackOfUnit, stacksDirectory, unitName } from "./unit.ts";
export { type TrashedVolume, type VolumeProvider, type VolumeState, volumeKey } from "./volumes.ts";
