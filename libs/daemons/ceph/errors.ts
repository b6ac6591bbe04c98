/** Ceph did not do what it was asked; the message has what it said. */
export class CephError extends Error {
  readonly code = "CEPH";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CephError";
  }
}
