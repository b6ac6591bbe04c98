import type { DayWindow, HostEntry, ZMap } from "@zcloud/map";

/** 0 is Sunday, in UTC. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** When a host takes upgrades. */
export interface Schedule {
  /** On which the site's window begins. */
  readonly days: readonly Weekday[];
  readonly window: DayWindow;
  /** Minutes after the window's begin at which this host's turn is. */
  readonly turn: number;
  /** Minutes after the window's begin until which its turn may begin. */
  readonly until: number;
}

const everyDay: readonly Weekday[] = [0, 1, 2, 3, 4, 5, 6];
/** Of the first site in the map, and of the second. Nobody's Sunday: what Saturday broke is seen before the other site follows. */
const ofSites: readonly (readonly Weekday[])[] = [
  [1, 3, 5],
  [2, 4, 6],
];

/**
 * The two sites have different days, so that an upgrade that takes too long is no matter, and one that breaks something
 * breaks one site only, a day before the other would take it. Within a site the hosts take turns in the first half of
 * the window: what carries people's requests last. The witness has the Sunday, when nobody else has.
 */
export function scheduleOf({ sites, upgrades }: ZMap, self: HostEntry): Schedule {
  const site = sites.findIndex(({ name }) => name === self.site);
  if (self.role === "witness") return { days: [0], window: upgrades.window, turn: 0, until: half(upgrades.window) };
  const days = (sites.length === 1 ? undefined : ofSites[site]) ?? everyDay;
  const turns = (sites[site]?.hosts ?? []).filter(({ role }) => role !== "zcloud").reverse();
  const until = half(upgrades.window);
  const place = turns.findIndex(({ id }) => id === self.id);
  // The zcloud, which carries all of them, behind the last one.
  const turn = place === -1 ? until : Math.floor((place * until) / turns.length);
  return { days, window: upgrades.window, turn, until };
}

function half({ length }: DayWindow): number {
  return Math.floor(length / 2);
}

const names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** systemd.time(7): `Mon,Wed,Fri *-*-* 02:24:00 UTC`. */
export function onCalendar({ days, window, turn }: Schedule): string {
  const minute = window.start + turn;
  const shift = Math.floor(minute / 1_440);
  const on = days.map((day) => names[(day + shift) % 7]).join(",");
  const two = (value: number) => String(value).padStart(2, "0");
  return `${on} *-*-* ${two(Math.floor(minute / 60) % 24)}:${two(minute % 60)}:00 UTC`;
}
