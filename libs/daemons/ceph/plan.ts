import type { Action } from "@zcloud/reconcile";

/** What is known of this host's monitor. */
export interface MonitorObserved {
  /** Its files are there, the cluster's secrets among them. */
  readonly configured: boolean;
  /** none: no store, or rubbish of a crash. */
  readonly store: "none" | "made";
  /** Whether it waits for the sites' monitors and joins them by itself: the witness's, which nobody looks after between two `zctl apply`. */
  readonly waits: boolean;
  /** Whether `zctl pki` said that the cluster never existed, so that this host may make it. */
  readonly mayFound: boolean;
  /** Whether monitors with a quorum answer. */
  readonly quorum: boolean;
  readonly running: boolean;
}

interface Named extends Action {
  /** The node: a site's name, or `witness`. */
  readonly name: string;
}

export type MonitorAction = Named & { readonly kind: "found" | "join" | "wait" | "start" | "founded" };

/**
 * The next steps of a monitor. A store is only ever made by who may found the cluster, or from the monitors that there are: a host that
 * lost its disk joins again, and two sites never become two clusters. Nothing to do is also the answer while it has to wait.
 */
export function planMonitor(name: string, observed: MonitorObserved): readonly MonitorAction[] {
  const { configured, store, waits, mayFound, quorum, running } = observed;
  if (!configured) return [];
  const step = (kind: MonitorAction["kind"], summary: string): MonitorAction => {
    return { kind, change: "+", subject: `mon.${name}`, summary, name };
  };
  const start = step("start", "start, and at every boot");
  // What says that it may be founded goes last: whatever broke off before is begun again.
  const founded = mayFound ? [step("founded", "the cluster exists from now on")] : [];
  if (store === "made") return [...(running ? [] : [start]), ...founded];
  if (waits) return [step("wait", "make one that joins the sites' as soon as they have a quorum"), start];
  if (quorum) return [step("join", "join the cluster"), start, ...founded];
  return mayFound ? [step("found", "make a new cluster"), start, ...founded] : [];
}

/** A manager or MDS of this host. */
export interface DaemonObserved {
  readonly kind: "mgr" | "mds";
  readonly name: string;
  readonly keyring: boolean;
  readonly running: boolean;
}

export type DaemonAction = Named & { readonly kind: "give-key" | "start"; readonly daemon: "mgr" | "mds" };

/** Nothing while there is no quorum: nobody could give it a key, and systemd starts it at boot by itself. */
export function planDaemons(quorum: boolean, observed: readonly DaemonObserved[]): readonly DaemonAction[] {
  return observed.flatMap(({ kind: daemon, name, keyring, running }) => {
    const base = { change: "+", subject: `${daemon}.${name}`, name, daemon } as const;
    const key = keyring ? [] : [{ ...base, kind: "give-key", summary: "a key of its own" } as const];
    const start = running ? [] : [{ ...base, kind: "start", summary: "start, and at every boot" } as const];
    return quorum || keyring ? [...key, ...start] : [];
  });
}
