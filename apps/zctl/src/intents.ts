import { allHosts, didYouMean, hostsOf, type ZMap } from "@zcloud/map";
import * as z from "zod";
import { actorOf } from "./actor.ts";
import { type Exit, ZctlError } from "./exit.ts";
import { Routes } from "./facts.ts";
import type { Invocation } from "./invocation.ts";
import { done, everywhere, exitOf, missing } from "./parallel.ts";
import { count, duration, printable, table } from "./screen.ts";

/** What an operator says of the traffic. */
export interface Wish {
  readonly kind: "drain" | "maintenance";
  readonly subject: string;
  readonly reason: string;
}

/** GET /v1/intents of a front (libs/daemons/haproxy, intent-views.ts). */
const View = z.looseObject({
  kind: z.enum(["drain", "maintenance"]),
  subject: z.string(),
  reason: z.string(),
  actor: z.string(),
  at: z.string(),
  done: z.boolean(),
  endpoints: z.array(z.string()),
  kept: z.array(z.string()),
  underWay: z.number(),
});
const Views = z.looseObject({ intents: z.array(View) });

/** Milliseconds that fronts get: they hear of it at once, and need a second. */
const patience = 15_000;

/** Brings an intent into force at both sites, or takes it back, and waits until the fronts do as it says. */
export async function sendWish(it: Invocation, wish: Wish, on: boolean): Promise<Exit> {
  const { map } = await it.installation();
  const body = { ...wish, actor: actorOf(it, map) };
  const method = on ? "POST" : "DELETE";
  const told = await everywhere(hostsOf(map, "znet"), it.signal, async (entry) => {
    return (await it.agent(entry)).value("/v1/intents", z.unknown(), { method, body, signal: it.signal });
  });
  const sites = done(told).map(({ entry }) => entry.site);
  const waiting = it.screen.progress("waiting for the fronts");
  const fronts = hostsOf(map, "zfront").filter(({ site }) => sites.includes(site));
  const until = it.ports.now() + patience;
  const parts = await everywhere(fronts, it.signal, async (entry) => {
    const agent = await it.agent(entry);
    for (;;) {
      const { intents } = await agent.value("/v1/intents", Views, { signal: it.signal });
      const own = intents.find(({ kind, subject }) => kind === wish.kind && subject === wish.subject);
      if (on ? own?.done === true : own === undefined) return own;
      if (it.ports.now() >= until) throw new Error("has not done it yet; see: zctl status");
      await it.sleep(250);
    }
  }).finally(() => waiting.done());
  const all = [...told, ...parts];
  const lost = missing(all, map.sites);
  const views = done(parts).map(({ entry, value }) => ({ site: entry.site, ...value }));
  if (it.screen.jsonMode) it.screen.json({ v: 1, ...wish, inForce: on, fronts: views, ...lost });
  for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(it.screen.paint("red", line));
  for (const { site, kept = [], underWay = 0 } of views) {
    const rest = underWay === 0 ? "" : `; ${count(underWay, "request")} still under way`;
    const mark = it.screen.paint("green", "✓");
    it.screen.line(`${mark} ${site.padEnd(8)} ${wish.kind} of ${wish.subject} ${on ? "in force" : "is over"}${rest}`);
    if (kept.length > 0)
      it.screen.line(`  serves on, because nobody else has it: ${printable([...new Set(kept)].join(", "))}`);
  }
  return exitOf(all);
}

/** What is in force, with who wanted it, since when. */
export async function listWishes(it: Invocation, kind: Wish["kind"]): Promise<Exit> {
  const { map } = await it.installation();
  const parts = await everywhere(hostsOf(map, "zfront"), it.signal, async (entry) => {
    return (await (await it.agent(entry)).value("/v1/intents", Views, { signal: it.signal })).intents;
  });
  const lost = missing(parts, map.sites);
  const rows = done(parts).flatMap(({ entry, value }) =>
    value.filter((one) => one.kind === kind).map((one) => ({ site: entry.site, ...one })),
  );
  if (it.screen.jsonMode) it.screen.json({ v: 1, kind, fronts: rows, ...lost });
  for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(it.screen.paint("red", line));
  const subjects = [...new Set(rows.map(({ subject }) => subject))].sort();
  const body = subjects.flatMap((subject) => {
    const own = rows.filter((one) => one.subject === subject);
    const [first] = own;
    if (first === undefined) return [];
    const age = duration(it.ports.now() - Date.parse(first.at));
    const underWay = own.reduce((sum, one) => sum + one.underWay, 0);
    const state = own.every((one) => one.done) ? `${count(underWay, "request")} under way` : "not yet done";
    return [
      [subject, `at ${own.map(({ site }) => site).join(" and ")}`, `by ${first.actor}, ${age}`, state, first.reason],
    ];
  });
  const nothing = `${kind === "drain" ? "Nothing is drained" : "No stack is in maintenance"}.`;
  it.screen.lines(body.length === 0 ? [nothing] : table(body.map((row) => row.map(printable))));
  return exitOf(parts);
}

/** Sites and hosts of the map, servers and stacks of the fronts' routes: what is none of them is refused. */
export async function knownSubject(it: Invocation, { kind, subject }: Wish): Promise<void> {
  const { map } = await it.installation();
  const known = kind === "drain" ? inMap(map) : [];
  if (known.includes(subject)) return;
  const parts = await everywhere(hostsOf(map, "zfront"), it.signal, async (entry) => {
    return (await (await it.agent(entry)).value("/v1/routes", Routes, { signal: it.signal })).routes;
  });
  const routes = done(parts).flatMap(({ value }) => value);
  const names =
    kind === "drain"
      ? routes.flatMap(({ servers }) => servers.flatMap(({ name }) => (name.includes(".") ? [] : [name])))
      : routes.flatMap(({ endpoint }) => [endpoint, endpoint.slice(0, endpoint.indexOf(":"))]);
  const fits = names.some((name) =>
    kind === "drain" ? subject.length >= 4 && name.startsWith(subject) : name === subject,
  );
  if (fits) return;
  const meant = didYouMean(subject, [...known, ...names]);
  const what = kind === "drain" ? "site, host or server" : "stack or service that a front serves";
  const message = `there is no ${what} ${subject}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
  throw new ZctlError("UNKNOWN_NAME", message, {
    remedy: kind === "drain" ? `e.g. ${known.join(", ")}` : "zctl routes",
  });
}

function inMap(map: ZMap): readonly string[] {
  const hosts = allHosts(map).filter(({ role }) => role === "zpod" || role === "zmah");
  return [...map.sites.map(({ name }) => name), ...hosts.map(({ id }) => id)];
}
