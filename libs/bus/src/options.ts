import type { Host } from "@zcloud/host";

/** The part of pino's interface that the bus uses. */
export interface BusLogger {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
}

/** PEM texts. `cert` and `key` are this host's own, for servers that ask who is calling. */
export interface BusTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface LinkOptions {
  /** `10.64.1.2:4222`, in the order of preference. */
  readonly servers: readonly string[];
  /** Host id, `north/zpod1`; names the connection and its inbox. */
  readonly name: string;
  /** nkey user seed, `SU...`. */
  readonly seed: string;
  /** Absent only where the server has no TLS (tests). */
  readonly tls?: BusTls;
  readonly logger: BusLogger;
}

export interface BusOptions extends LinkOptions {
  /** Directory of the role's state, e.g. `/var/lib/zcloud/zpod`; copies go to `replicas/` in it. */
  readonly stateDir: string;
  /** The machine whose files are used. */
  readonly host: Host;
  /** Milliseconds since the epoch, as nobody sets them; `steadyClock` by default. Copies and repetitions are aged by it. */
  readonly clock?: { now(): number };
}

/** Where replies to this host arrive; the server lets a host subscribe to nothing else of the kind. */
export function inboxOf(hostId: string): string {
  return `_INBOX.${hostId.replace("/", ".")}`;
}
