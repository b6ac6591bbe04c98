import { type Clock, steadyClock } from "@zcloud/reconcile";

export interface WriteState {
  /** Seconds that the latest acknowledged write took; undefined before the first. */
  readonly seconds: number | undefined;
  /** Seconds since when writes are tried and none was acknowledged; next to nothing while all is well. */
  readonly stalled: number;
  /** Why the latest one failed; undefined: it hangs, or was acknowledged. */
  readonly refusal: string | undefined;
}

/** What the world is told, when it changes. */
export interface WriteNews {
  readonly kind: "ceph-writes-stalled" | "ceph-writes-resumed";
  readonly level: "info" | "error";
  readonly reason: string;
}

export interface WriteProbeOptions {
  readonly site: string;
  /** Writes something to disks of both sites; seconds that it took. */
  readonly write: (signal: AbortSignal) => Promise<number>;
  /** Whether this host keeps a Ceph at all. */
  readonly kept: () => boolean;
  /** Whether its monitors answer: nothing is tried before they first did. */
  readonly answers: () => boolean;
  readonly told: (news: WriteNews) => void;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** Milliseconds from one write to the next. */
const period = 2_000;
/** Seconds without an acknowledged write that people are told of. */
export const worthTelling = 10;

/** `nothing was written to Ceph from north for 14 s [write to zcloud.rbd: ...]` */
export function stallInWords(site: string, { stalled, refusal }: WriteState): string {
  const why = refusal === undefined ? "" : ` [${refusal}]`;
  return `nothing was written to Ceph from ${site} for ${Math.round(stalled)} s${why}`;
}

/** Writes every two seconds, one at a time, for as long as the signal lets it: Ceph's own status says for seconds after a cut that all is well. */
export function watchWrites(options: WriteProbeOptions): { state(): WriteState } {
  const { site, write, kept, answers, told, signal, clock = steadyClock } = options;
  let seconds: number | undefined;
  /** When the first write began that was not acknowledged. */
  let since: number | undefined;
  let refusal: string | undefined;
  let underWay = false;
  let isTold = false;
  let cancel = (): void => {};
  const state = (): WriteState => {
    return { seconds, stalled: since === undefined ? 0 : (clock.now() - since) / 1_000, refusal };
  };

  function acknowledged(took: number): void {
    if (isTold) {
      const reason = `Ceph takes writes from ${site} again, after ${Math.round(state().stalled)} s`;
      told({ kind: "ceph-writes-resumed", level: "info", reason });
    }
    seconds = took;
    since = undefined;
    refusal = undefined;
    isTold = false;
  }

  /** What Ceph refuses before it ever took one: the cluster is not there yet. */
  function failed(error: Error): void {
    if (seconds === undefined) since = undefined;
    else refusal = error.message;
  }

  function look(): void {
    cancel = clock.after(period, look);
    if (!kept()) {
      seconds = undefined;
      since = undefined;
      refusal = undefined;
      isTold = false;
      return;
    }
    if (seconds === undefined && !answers()) return;
    if (!isTold && state().stalled >= worthTelling) {
      isTold = true;
      told({ kind: "ceph-writes-stalled", level: "error", reason: stallInWords(site, state()) });
    }
    if (underWay) return;
    underWay = true;
    since ??= clock.now();
    void write(signal)
      .then(acknowledged, failed)
      .finally(() => {
        underWay = false;
      });
  }

  signal.addEventListener("abort", () => cancel());
  look();
  return { state };
}
