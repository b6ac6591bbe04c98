export { createMounts } from "./mounts.ts";
export { type CephVolumesOptions, cephVolumes } from "./provider.ts";
