import { keyOf, type Uptime } from "@zcloud/events";
import type { Clock } from "@zcloud/reconcile";
import { advance, begin, close, countProbe, lasting, merge, open } from "./account.ts";
import { sameQuestion, type Target } from "./targets.ts";
import {
  type FailureKind,
  fresh,
  intervalFor,
  judge,
  mostPerSecond,
  nextProbe,
  type Outcome,
  type Verdict,
} from "./verdict.ts";

/** What is believed of an endpoint at a door has changed. */
export interface Change {
  readonly target: Target;
  readonly to: "up" | "down";
  /** Why it went down; of a recovery, why it had been. */
  readonly failure: { readonly kind: FailureKind; readonly reason: string } | undefined;
  /** Milliseconds since the epoch: when it really began, and when what it ends had begun. */
  readonly at: number;
  readonly before: number;
}

/** An endpoint at a door, as it is known now. */
export interface Watched {
  readonly target: Target;
  readonly verdict: Verdict;
  readonly latest: Outcome | undefined;
  readonly history: Uptime | undefined;
}

export interface MonitorOptions {
  /** This front, `north/zfront`: the histories are its own. */
  readonly host: string;
  readonly clock: Clock;
  readonly ask: (target: Target) => Promise<Outcome>;
  /** 0 to 1. */
  readonly random?: () => number;
  /** Told of every change of belief. */
  readonly changed: (change: Change) => void;
}

export interface Monitor {
  /** What is probed from now on, by targetId. What is no longer in it keeps its history. */
  want(targets: ReadonlyMap<string, Target>): void;
  /** Something about these endpoints (or services, `tenant/project/service`) is different: they are probed at once. */
  hasten(endpoints: readonly string[]): void;
  /** Takes what was known before, from wherever it was kept. */
  remember(histories: Iterable<Uptime>): void;
  /** By key of the bucket; of what is no longer probed too. */
  histories(): ReadonlyMap<string, Uptime>;
  /** Of what is no longer probed. */
  historyOf(target: Target): Uptime | undefined;
  watched(): readonly Watched[];
  stop(): void;
}

interface Entry {
  target: Target;
  verdict: Verdict;
  latest: Outcome | undefined;
  history: Uptime | undefined;
  running: boolean;
  queued: boolean;
  /** Hastened while it was asked: the answer may be of before. */
  again: boolean;
  cancel: () => void;
}

const concurrency = 10;
/** Milliseconds after an answer that may be too old. */
const afresh = 500;
/** A history older than this after its last probe was interrupted: nobody looked. Milliseconds beside three intervals. */
const interrupted = 120_000;

/** Probes every target in its own time, a few at once and never more than `mostPerSecond`. */
export function createMonitor({ host, clock, ask, random = Math.random, changed }: MonitorOptions): Monitor {
  const entries = new Map<string, Entry>();
  const past = new Map<string, Uptime>();
  const queue: Entry[] = [];
  let running = 0;
  let nextStart = 0;
  let cancelPump: (() => void) | undefined;
  let stopped = false;

  const interval = (): number => intervalFor(entries.size);

  function schedule(entry: Entry, delay: number): void {
    entry.cancel();
    if (stopped) return;
    entry.cancel = clock.after(delay, () => {
      if (entry.queued || entry.running) return;
      entry.queued = true;
      // Doubts go first: somebody may be waiting for a page.
      if (entry.verdict.state === "up" && entry.verdict.doubts === 0) queue.push(entry);
      else queue.unshift(entry);
      pump();
    });
  }

  function pump(): void {
    while (!stopped && running < concurrency && queue.length > 0) {
      const wait = nextStart - clock.now();
      // A clock that was set back must not keep us waiting for it.
      if (wait > 0 && wait <= 1_000) {
        cancelPump ??= clock.after(wait, () => {
          cancelPump = undefined;
          pump();
        });
        return;
      }
      nextStart = clock.now() + 1_000 / mostPerSecond;
      const entry = queue.shift();
      if (entry !== undefined) void probe(entry);
    }
  }

  async function probe(entry: Entry): Promise<void> {
    const { target } = entry;
    entry.queued = false;
    entry.running = true;
    running += 1;
    const outcome = await ask(target);
    running -= 1;
    entry.running = false;
    if (stopped) return;
    const still = entries.get(idOf(entry)) === entry;
    // Asked as it was before a change: the answer says nothing of what is now.
    if (still && sameQuestion(entry.target, target)) take(entry, outcome, clock.now());
    if (still) {
      const delay = entry.again ? afresh : nextProbe(entry.verdict, clock.now(), interval());
      entry.again = false;
      schedule(entry, delay * (delay < 30_000 ? 1 : 0.9 + random() * 0.2));
    }
    pump();
  }

  function take(entry: Entry, outcome: Outcome, now: number): void {
    const before = entry.verdict;
    const after = judge(before, outcome, now);
    entry.verdict = after;
    entry.latest = outcome;
    if (before.state === "new" && after.state === "new") return;
    // The first doubt at one door is a reason to look at the others: then it is known at once how far it goes.
    if (after.state === "up" && after.doubts === 1) hasten([entry.target.endpoint], entry);
    const known = entry.history ?? begin(subjectOf(host, entry.target), before.state === "new" ? after.since : now);
    entry.history = countProbe(accounted(known, before, after, now), outcome.ok);
    if (before.state === after.state || (before.state === "new" && after.state === "up")) return;
    const failure = after.state === "down" ? after.failure : before.failure;
    const to = after.state === "down" ? "down" : "up";
    changed({ target: entry.target, to, failure, at: after.since, before: before.since });
  }

  /** The time since the last probe is as it was, except for what is in doubt: that is settled with the verdict. */
  function accounted(known: Uptime, before: Verdict, after: Verdict, now: number): Uptime {
    const gone = now - Date.parse(known.until);
    const history = gone < 0 || gone > 3 * interval() + interrupted ? advance(known, now, "unwatched") : known;
    const was = before.state === "down" ? "down" : "up";
    if (after.state === before.state) return after.doubts > 0 ? history : advance(history, now, was);
    const turned = advance(history, Math.max(after.since, Date.parse(history.until)), was);
    if (after.state === "up") return advance(close(turned, after.since), now, "up");
    return advance(open(turned, after.since, reasonOf(after)), now, "down");
  }

  /** What is in doubt is asked soon anyway; sooner, two answers would tell no more than one. */
  function hasten(endpoints: readonly string[], except?: Entry): void {
    const wanted = new Set(endpoints);
    for (const entry of entries.values()) {
      const { endpoint } = entry.target;
      if (entry === except || !(wanted.has(endpoint) || wanted.has(serviceOf(endpoint)))) continue;
      if (entry.running) entry.again = true;
      else if (entry.verdict.doubts === 0) schedule(entry, 0);
    }
  }

  function adopt(entry: Entry, history: Uptime): void {
    const merged = entry.history === undefined ? history : merge(entry.history, history);
    const down = entry.verdict.state === "down";
    entry.history = down ? open(merged, entry.verdict.since, reasonOf(entry.verdict)) : merged;
    if (entry.verdict.state === "new" || (!down && lasting(merged) !== undefined))
      entry.verdict = believed(merged, clock.now());
  }

  function add(id: string, target: Target): void {
    const blank = { latest: undefined, history: undefined, running: false, queued: false, again: false };
    const entry: Entry = { target, verdict: fresh(clock.now()), ...blank, cancel: () => {} };
    const key = keyOf("uptime", begin(subjectOf(host, target), 0));
    const history = past.get(key);
    past.delete(key);
    if (history !== undefined) adopt(entry, history);
    entries.set(id, entry);
    // All at once at the start of the service would be a burst; one that comes later is asked soon.
    schedule(entry, entry.verdict.state === "new" ? 1_000 : random() * interval());
  }

  function drop(id: string, entry: Entry): void {
    entry.cancel();
    entries.delete(id);
    const at = queue.indexOf(entry);
    if (at >= 0) queue.splice(at, 1);
    // What is gone on purpose is not down.
    if (entry.history !== undefined) past.set(keyOf("uptime", entry.history), close(entry.history, clock.now()));
  }

  function forgetOld(): void {
    const oldest = clock.now() - 90 * 86_400_000;
    for (const [key, { until }] of past) if (Date.parse(until) < oldest) past.delete(key);
  }

  return {
    want(targets) {
      for (const [id, entry] of [...entries]) if (!targets.has(id)) drop(id, entry);
      for (const [id, target] of targets) {
        const entry = entries.get(id);
        if (entry === undefined) add(id, target);
        else if (!sameQuestion(entry.target, target)) {
          entry.target = target;
          schedule(entry, 0);
        }
      }
      forgetOld();
    },
    hasten,
    remember(histories) {
      const byKey = new Map(
        [...entries.values()].map((one) => [keyOf("uptime", begin(subjectOf(host, one.target), 0)), one]),
      );
      for (const history of histories) {
        if (history.host !== host) continue;
        const key = keyOf("uptime", history);
        const entry = byKey.get(key);
        const known = past.get(key);
        if (entry !== undefined) adopt(entry, history);
        else past.set(key, known === undefined ? history : merge(known, history));
      }
      forgetOld();
    },
    histories() {
      const own = [...entries.values()].flatMap(({ history }) => (history === undefined ? [] : [history]));
      return new Map([...past, ...own.map((history) => [keyOf("uptime", history), history] as const)]);
    },
    historyOf: (target) => past.get(keyOf("uptime", begin(subjectOf(host, target), 0))),
    watched: () => [...entries.values()],
    stop() {
      stopped = true;
      cancelPump?.();
      for (const entry of entries.values()) entry.cancel();
    },
  };
}

function idOf({ target: { endpoint, door } }: Entry): string {
  return `${endpoint} ${door.site}`;
}

function subjectOf(host: string, { endpoint, door, port }: Target) {
  const [tenant = "", project = "", service = ""] = endpoint.split("/");
  return { host, tenant, project, service, door: door.site, ...(port === undefined ? {} : { port }) };
}

function serviceOf(endpoint: string): string {
  return endpoint.split("/").slice(0, 3).join("/");
}

/** `status: answered 503`. */
export function reasonOf({ failure }: Pick<Verdict, "failure">): string {
  return failure === undefined ? "not known" : `${failure.kind}: ${failure.reason}`;
}

const kinds: readonly FailureKind[] = ["connect", "tls", "status", "timeout"];

/** What was believed when the history ended is believed until a probe says otherwise. */
function believed(history: Uptime, now: number): Verdict {
  const outage = lasting(history);
  if (outage === undefined) return fresh(now, "up");
  const [, kind, reason = outage.reason] = /^(\w+): (.*)$/.exec(outage.reason) ?? [];
  const failure = { ok: false as const, ms: 0, kind: kinds.find((one) => one === kind) ?? "status", reason };
  return { ...fresh(Date.parse(outage.from), "down"), failure };
}
