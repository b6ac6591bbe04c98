import type { Door, HostResult } from "./follow.ts";
import type { Probed } from "./probe.ts";
import { type Colour, duration, printable } from "./screen.ts";

type Paint = (colour: Colour, text: string) => string;

export function mark(good: boolean, label: string, text: string, paint: Paint): string {
  return `${good ? paint("green", "✓") : paint("red", "✗")} ${label.padEnd(11)} ${printable(text)}`;
}

export function hostLine(result: HostResult, paint: Paint): string {
  if (result.kind === "healthy") return mark(true, result.host, `started, healthy in ${duration(result.ms)}`, paint);
  const said = { failed: "failed", late: "is not healthy yet", unreachable: "is unreachable from here" }[result.kind];
  return mark(false, result.host, `${said}: ${result.reason}`, paint);
}

/** `✓ certificate wiki.example.net (north, south) 3.0 s`; said only of doors that showed it to a visitor. */
export function certificateLine(name: string, doors: readonly Door[], paint: Paint): string | undefined {
  const trusted = doors.filter(({ trustedAfter }) => trustedAfter !== undefined);
  const refused = doors.filter(({ last, trustedAfter }) => trustedAfter === undefined && last.kind === "untrusted");
  if (refused.length > 0) {
    const why = refused.map(({ site, last }) => `${site}: ${last.kind === "untrusted" ? last.reason : ""}`).join("; ");
    return mark(false, "certificate", `${name} not yet: ${why}`, paint);
  }
  if (trusted.length === 0) return undefined;
  const slowest = Math.max(...trusted.map(({ trustedAfter }) => trustedAfter ?? 0));
  return mark(
    true,
    "certificate",
    `${name} (${trusted.map(({ site }) => site).join(", ")}) ${duration(slowest)}`,
    paint,
  );
}

/** `✓ served https://wiki.example.net/  200 through north (31 ms) and south (44 ms, by north)`. */
export function servedLine(name: string, path: string, doors: readonly Door[], paint: Paint): string {
  const url = `https://${name}${path}`;
  const served = doors.filter(({ servedAfter }) => servedAfter !== undefined);
  const not = doors.filter(({ servedAfter }) => servedAfter === undefined);
  const statuses = [...new Set(served.map(({ last }) => (last.kind === "answered" ? last.status : "passthrough")))];
  const through = served.map(door).join(" and ");
  const good = served.length > 0 ? `${statuses.join("/")} through ${through}` : "";
  const bad = not.map(({ site, last }) => `through ${site}: ${failure(last)}`).join("; ");
  return mark(not.length === 0, "served", `${url}  ${[good, bad && `not ${bad}`].filter(Boolean).join("; ")}`, paint);
}

function door({ site, last }: Door): string {
  if (last.kind !== "answered") return last.kind === "handshake" ? `${site} (${duration(last.ms)})` : site;
  const by = last.by === undefined || last.by === site ? "" : `, by ${last.by}`;
  return `${site} (${duration(last.ms)}${by})`;
}

function failure(last: Probed): string {
  if (last.kind === "handshake") return "it shakes hands only";
  return last.kind === "answered" ? `it answers ${last.status}` : last.reason;
}
