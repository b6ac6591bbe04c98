/** What a volume can't be made, given or taken away for; trying the same again can't help. */
export class VolumeRefused extends Error {
  readonly code = "VOLUME_REFUSED";
  /** What the operator can do. */
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.name = "VolumeRefused";
    this.remedy = remedy;
  }
}

/** Ceph could not do it now; the message has what it said. Later it may. */
export class VolumeFailed extends Error {
  readonly code = "VOLUME_FAILED";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "VolumeFailed";
  }
}
