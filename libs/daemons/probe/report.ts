import type { Uptime } from "@zcloud/events";
import { lasting, share } from "./account.ts";
import type { Watched } from "./monitor.ts";
import type { Target } from "./targets.ts";

const hour = 3_600_000;
/** Milliseconds over which uptime is told. */
export const windows = { "24h": 24 * hour, "7d": 7 * 24 * hour, "90d": 90 * 24 * hour } as const;
export type Window = keyof typeof windows;

/** An endpoint at a door, as `zctl uptime` asks for it. Times are RFC 3339. */
export interface UptimeView {
  /** `garden/wiki:web`. */
  readonly endpoint: string;
  /** The name that is asked for; `port 25` of a TCP service. */
  readonly name: string;
  /** Public port of a TCP service; null: it has names. */
  readonly port: number | null;
  /** Site whose front door it is. */
  readonly door: string;
  /** TLS is passed through: only the handshake is tried, whatever the certificate. */
  readonly passthrough: boolean;
  /** `maintenance`: nobody asks, because an operator took it out of service. */
  readonly state: "new" | "up" | "down" | "maintenance";
  readonly since: string;
  /** Site that answered last, and milliseconds that the last probe took; null before the first, or if it failed. */
  readonly servedBy: string | null;
  readonly ms: number | null;
  /** Why it is down, or in maintenance; null if it is neither. */
  readonly reason: string | null;
  /** Shares from 0 to 1; null: nothing was watched. */
  readonly uptime: Readonly<Record<Window, number | null>>;
  readonly lastOutage: { readonly from: string; readonly to: string | null; readonly reason: string } | null;
}

/** What is known of an endpoint that nobody asks now. `since`: RFC 3339. */
export interface Resting {
  readonly target: Target;
  readonly history: Uptime | undefined;
  readonly reason: string;
  readonly since: string;
}

type Known = Pick<UptimeView, "endpoint" | "name" | "port" | "door" | "passthrough" | "uptime" | "lastOutage">;

function known(target: Target, history: Uptime | undefined, label: (endpoint: string) => string, now: number): Known {
  const last = history?.outages.at(-1);
  const over = (window: Window): number | null =>
    history === undefined ? null : (share(history, windows[window], now) ?? null);
  return {
    endpoint: label(target.endpoint),
    name: target.name,
    port: target.port ?? null,
    door: target.door.site,
    passthrough: target.expect === "handshake",
    uptime: { "24h": over("24h"), "7d": over("7d"), "90d": over("90d") },
    lastOutage: last === undefined ? null : { from: last.from, to: last.to ?? null, reason: last.reason },
  };
}

/** Sorted by endpoint and door. */
export function uptimeViews(
  watched: readonly Watched[],
  label: (endpoint: string) => string,
  now: number,
): readonly UptimeView[] {
  const views = watched.map(
    ({ target, verdict, latest, history }): UptimeView => ({
      ...known(target, history, label, now),
      state: verdict.state,
      since: new Date(verdict.since).toISOString(),
      servedBy: (latest?.ok === true && latest.servedBy) || null,
      ms: latest?.ok === true ? Math.round(latest.ms) : null,
      reason: verdict.state === "down" ? reasonText(verdict.failure) : null,
    }),
  );
  const order = ({ endpoint, port, door }: UptimeView): string => `${endpoint} ${port ?? ""} ${door}`;
  return views.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Endpoints in maintenance. */
export function restingViews(
  resting: readonly Resting[],
  label: (endpoint: string) => string,
  now: number,
): readonly UptimeView[] {
  return resting.map(({ target, history, reason, since }) => ({
    ...known(target, history, label, now),
    ...{ state: "maintenance", since, servedBy: null, ms: null, reason },
  }));
}

/** What stands in status: an endpoint and the doors through which it is not to be reached, with one reason. */
export interface Unreachable {
  readonly endpoint: string;
  readonly name: string;
  readonly doors: readonly string[];
  readonly reason: string;
}

/** Endpoints that are down, by `tenant/project/service`; those whose door is out of reach come under their door. */
export function unreachable(watched: readonly Watched[]): {
  readonly endpoints: readonly Unreachable[];
  readonly doors: ReadonlyMap<string, string>;
} {
  const doors = new Map<string, string>();
  const endpoints = new Map<string, Unreachable>();
  const down = watched.filter(({ verdict, history }) => {
    return verdict.state === "down" && (history === undefined || lasting(history) !== undefined);
  });
  const shut = ({ verdict }: Watched): boolean => verdict.failure?.kind === "connect";
  for (const one of down) {
    if (shut(one) && one.target.port === undefined) doors.set(one.target.door.site, reasonText(one.verdict.failure));
  }
  for (const one of down) {
    const { endpoint, name, door, port } = one.target;
    // A port that no connection comes to has a reason of its own, unless its whole door is shut.
    if (shut(one) && (port === undefined || doors.has(door.site))) continue;
    const known = endpoints.get(endpoint);
    const reason = known?.reason ?? reasonText(one.verdict.failure);
    endpoints.set(endpoint, { endpoint, name, doors: [...(known?.doors ?? []), door.site].sort(), reason });
  }
  return { endpoints: [...endpoints.values()], doors };
}

function reasonText(failure: { readonly reason: string } | undefined): string {
  return failure?.reason ?? "not known why";
}
