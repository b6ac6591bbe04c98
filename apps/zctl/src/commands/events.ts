import { Event } from "@zcloud/events";
import { type HostEntry, hostsOf, parseDuration } from "@zcloud/map";
import * as z from "zod";
import { type Exit, ZctlError } from "../exit.ts";
import type { Invocation } from "../invocation.ts";
import { everywhere, exitOf, missing, type Part } from "../parallel.ts";
import { printable, type Screen } from "../screen.ts";
import { command } from "../spec.ts";

const Events = z.looseObject({ events: z.array(Event) });
const Options = z.strictObject({
  since: z.string().default("1h"),
  limit: z.coerce.number().int().min(1).max(10_000).default(200),
  follow: z.boolean().default(false),
});
const pollEvery = 1_000;

export const events = command(Options, {
  name: "events",
  summary: "what happened, at both sites",
  options: [
    { flags: "--since <when>", about: "how far back: 30m, 2h, 7d, or a time as 2026-11-22T14:00:00Z (1h)" },
    { flags: "--limit <n>", about: "at most so many, the newest (200)" },
    { flags: "-f, --follow", about: "go on with what happens now; with --json one event a line" },
  ],
  examples: [
    { line: "zctl events --since 1d", about: "since yesterday" },
    { line: "zctl events -f --json | jq .subject", about: "for scripts" },
  ],
  run: async (it, _args, { since, limit, follow }) => {
    const { map } = await it.installation();
    const znets = hostsOf(map, "znet");
    let from = parseSince(since, it.ports.now());
    const first = await ask(it, znets, from, limit);
    const found = merge(first).slice(-limit);
    const lost = missing(first, map.sites);
    for (const line of [...lost.failed, ...lost.unreachable]) it.screen.warn(it.screen.paint("red", line));
    if (!it.screen.jsonMode) for (const event of found) it.screen.line(row(it.screen, event));
    else if (follow) for (const event of found) it.screen.json(event, true);
    else it.screen.json({ v: 1, events: found, missing: [...lost.failed, ...lost.unreachable] });
    if (!follow) {
      if (!it.screen.jsonMode && found.length === 0) it.screen.line(`nothing happened since ${since}`);
      return exitOf(first);
    }
    const seen = new Set(found.map(key));
    for (;;) {
      await it.sleep(pollEvery);
      // Sites' clocks differ a little, and an event reaches its stream some time after it happened.
      from = new Date(it.ports.now() - 30_000);
      for (const event of merge(await ask(it, znets, from, limit))) {
        if (seen.has(key(event))) continue;
        seen.add(key(event));
        if (it.screen.jsonMode) it.screen.json(event, true);
        else it.screen.line(row(it.screen, event));
      }
    }
  },
});

async function ask(
  it: Invocation,
  znets: readonly HostEntry[],
  since: Date,
  limit: number,
): Promise<readonly Part<readonly Event[]>[]> {
  const path = `/v1/events?since=${encodeURIComponent(since.toISOString())}&limit=${limit}`;
  return everywhere(znets, it.signal, async (entry) => {
    const answer = await (await it.agent(entry)).value(path, Events, { signal: it.signal });
    return answer.events;
  });
}

/** Both sites' streams as one, in order of time; what both know comes once. */
export function merge(parts: readonly Part<readonly Event[]>[]): readonly Event[] {
  const all = new Map<string, Event>();
  for (const part of parts) if (part.kind === "ok") for (const event of part.value) all.set(key(event), event);
  return [...all.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function key(event: Event): string {
  return [event.at, event.host, event.kind, event.subject].join(" ");
}

const colours = { info: "dim", warning: "yellow", error: "red" } as const;

function row(screen: Screen, event: Event): string {
  const at = new Date(event.at).toLocaleString("sv-SE", { hour12: false });
  const kind = screen.paint(colours[event.level], event.kind.padEnd(22));
  const by = event.actor === event.host ? "" : ` (by ${event.actor})`;
  return printableRow(`${at}  ${event.host.padEnd(14)}  `, kind, `  ${event.subject}  ${event.reason}${by}`);
}

function printableRow(before: string, painted: string, after: string): string {
  return printable(before) + painted + printable(after).replaceAll("\n", " ");
}

/** `2h`: so long ago; else a point in time. */
export function parseSince(text: string, now: number): Date {
  const seconds = parseDuration(text);
  const at = seconds === undefined ? Date.parse(text) : now - seconds * 1000;
  if (!Number.isNaN(at)) return new Date(at);
  throw new ZctlError(
    "USAGE",
    `--since ${text} is neither a duration (30m, 2h, 7d) nor a time (2026-11-22T14:00:00Z)`,
    {
      exit: "usage" satisfies Exit,
    },
  );
}
