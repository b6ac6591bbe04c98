export { VolumeFailed, VolumeRefused } from "./errors.ts";
export { clientOf, parseVolume, type VolumeId, volumeName } from "./name.ts";
export { keepSchedule } from "./schedule.ts";
export type { Grant, Snapshot, Volume } from "./volume.ts";
export { createVolumes, type Volumes } from "./volumes.ts";
