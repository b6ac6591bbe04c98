import type { Uptime } from "@zcloud/events";

export type Outage = Uptime["outages"][number];
type Day = Uptime["days"][number];

/** Days of which a history is kept, and outages. */
export const keptDays = 90;
export const keptOutages = 30;

const second = 1_000;
const dayLength = 86_400 * second;

export type Watched = "up" | "down" | "unwatched";
export type Subject = Pick<Uptime, "host" | "tenant" | "project" | "service" | "door" | "port">;

/** An empty history that begins now. Times are milliseconds since the epoch; histories count whole seconds. */
export function begin(subject: Subject, now: number): Uptime {
  const at = rfc3339(now);
  return { v: 1, ...subject, since: at, until: at, days: [blank(dayOf(now))], outages: [] };
}

/**
 * Says how it was since `until`, up to `to`, over as many days as that is. A clock that was set back begins again where
 * it is; what was counted stays.
 */
export function advance(history: Uptime, to: number, how: Watched): Uptime {
  const until = Date.parse(history.until);
  const end = Math.floor(to / second) * second;
  if (end <= until) return end === until ? history : prune({ ...history, until: rfc3339(end) }, end);
  let days = history.days;
  for (let at = Math.max(until, end - (keptDays + 1) * dayLength); at < end; ) {
    const next = Math.min(end, (Math.floor(at / dayLength) + 1) * dayLength);
    const seconds = Math.floor((next - at) / second);
    days = changeDay(days, dayOf(at), (day) => (how === "up" ? day : { ...day, [how]: day[how] + seconds }));
    at = next;
  }
  return prune({ ...history, until: rfc3339(end), days: changeDay(days, dayOf(end), (day) => day) }, end);
}

/** A probe more, of the day up to which all is accounted for. */
export function countProbe(history: Uptime, ok: boolean): Uptime {
  const count = (day: Day): Day => (ok ? { ...day, ok: day.ok + 1 } : { ...day, failed: day.failed + 1 });
  return { ...history, days: changeDay(history.days, dayOf(Date.parse(history.until)), count) };
}

/** An outage that began `from`; nothing if one lasts already. */
export function open(history: Uptime, from: number, reason: string): Uptime {
  if (lasting(history) !== undefined) return history;
  const outage: Outage = { from: rfc3339(from), reason: reason.slice(0, 300) };
  return { ...history, outages: [...history.outages, outage].slice(-keptOutages) };
}

export function close(history: Uptime, to: number): Uptime {
  if (lasting(history) === undefined) return history;
  const outages = history.outages.map((one) => (one.to === undefined ? { ...one, to: rfc3339(to) } : one));
  return { ...history, outages };
}

/** The outage that is not over. */
export function lasting({ outages }: Uptime): Outage | undefined {
  const last = outages.at(-1);
  return last?.to === undefined ? last : undefined;
}

/** Share (0 to 1) of the watched time of the last `window` milliseconds in which it was not down; undefined: none was watched. */
export function share(history: Uptime, window: number, now: number): number | undefined {
  const from = Math.max(now - window, Date.parse(history.since));
  const unwatched = sumOf(history, "unwatched", from, now);
  const watched = (now - from) / second - unwatched;
  if (watched <= 0) return undefined;
  return 1 - Math.min(downtime(history, from, now), watched) / watched;
}

/** Seconds down between the two: by outages where all of them are known, else by days. */
export function downtime(history: Uptime, from: number, to: number): number {
  const { outages } = history;
  const oldest = outages[0];
  if (outages.length === keptOutages && oldest !== undefined && Date.parse(oldest.from) > from)
    return sumOf(history, "down", from, to);
  const lengths = outages.map((one) => overlap(Date.parse(one.from), ends(one, to), from, to));
  return lengths.reduce((sum, length) => sum + length, 0) / second;
}

/** A day that is only partly within counts in part. */
function sumOf(history: Uptime, what: "down" | "unwatched", from: number, to: number): number {
  const since = Date.parse(history.since);
  return history.days.reduce((sum, day) => {
    const start = Date.parse(day.day);
    const [first, last] = [Math.max(start, since), Math.min(start + dayLength, to)];
    if (last <= first) return sum;
    return sum + (day[what] * overlap(first, last, from, to)) / (last - first);
  }, 0);
}

/**
 * One history of two: of the same one, the newer; else what each of them knows, and the time between them as unwatched.
 * Where both looked at a day, the worse count is believed.
 */
export function merge(one: Uptime, other: Uptime): Uptime {
  const [older, newer] = before(one, other) ? [one, other] : [other, one];
  if (older.since === newer.since) return newer;
  const since = one.since < other.since ? one.since : other.since;
  const gap = Date.parse(newer.since) - Date.parse(older.until);
  const bridged = gap > 0 ? advance(older, Date.parse(newer.since), "unwatched") : older;
  const counted = [...bridged.days, ...newer.days].reduce<Day[]>((all, day) => {
    const known = all.findIndex((each) => each.day === day.day);
    const present = all[known];
    if (present === undefined) all.push(day);
    else all[known] = gap > 0 ? added(present, day) : worse(present, day);
    return all;
  }, []);
  const outages = new Map([...bridged.outages, ...newer.outages].map((each) => [each.from, each]));
  const sorted = [...outages.values()].sort((a, b) => (a.from < b.from ? -1 : 1));
  // What lasted when the older one ended was over at the latest when the newer began without it.
  const closed = sorted.map((each, at) =>
    each.to === undefined && at < sorted.length - 1 ? over(each, sorted[at + 1]) : each,
  );
  const last = closed.at(-1);
  const ended = last !== undefined && last.to === undefined && lasting(newer) === undefined;
  const known = ended ? [...closed.slice(0, -1), { ...last, to: later(last.from, newer.since) }] : closed;
  const days = counted.sort((a, b) => (a.day < b.day ? -1 : 1));
  const merged = { ...newer, since, days, outages: known.slice(-keptOutages) };
  return prune(merged, Date.parse(newer.until));
}

function before(one: Uptime, other: Uptime): boolean {
  return one.until === other.until ? JSON.stringify(one) < JSON.stringify(other) : one.until < other.until;
}

function over(outage: Outage, next: Outage | undefined): Outage {
  return { ...outage, to: next?.from ?? outage.from };
}

const later = (a: string, b: string): string => (a > b ? a : b);

function added(a: Day, b: Day): Day {
  return counts(a, b, (x, y) => x + y);
}

function worse(a: Day, b: Day): Day {
  return counts(a, b, Math.max);
}

function counts(a: Day, b: Day, combine: (x: number, y: number) => number): Day {
  return {
    day: a.day,
    ok: combine(a.ok, b.ok),
    failed: combine(a.failed, b.failed),
    down: combine(a.down, b.down),
    unwatched: combine(a.unwatched, b.unwatched),
  };
}

/** Perfect days need no words, but for the last one; days older than `keptDays` and such of a wrong clock's future go. */
function prune(history: Uptime, now: number): Uptime {
  const [oldest, today] = [dayOf(now - keptDays * dayLength), dayOf(now)];
  const days = history.days.filter((day) => {
    return day.day === today || (day.day > oldest && day.day < today && day.failed + day.down + day.unwatched > 0);
  });
  const outages = history.outages.filter(({ to }) => to === undefined || Date.parse(to) > now - keptDays * dayLength);
  return { ...history, days: days.length === 0 ? [blank(today)] : days, outages };
}

function changeDay(days: readonly Day[], name: string, change: (day: Day) => Day): Day[] {
  if (!days.some(({ day }) => day === name)) {
    return [...days, change(blank(name))].sort((a, b) => (a.day < b.day ? -1 : 1));
  }
  return days.map((day) => (day.day === name ? change(day) : day));
}

function blank(day: string): Day {
  return { day, ok: 0, failed: 0, down: 0, unwatched: 0 };
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function rfc3339(at: number): string {
  return new Date(Math.floor(at / second) * second).toISOString();
}

function ends({ to }: Outage, now: number): number {
  return to === undefined ? now : Date.parse(to);
}

function overlap(a: number, b: number, from: number, to: number): number {
  return Math.max(0, Math.min(b, to) - Math.max(a, from));
}
