import * as z from "zod";
import { type Colour, count, printable, table } from "./screen.ts";

/** One change as an agent tells it: POST /v1/plan. */
export const Change = z.looseObject({
  reconciler: z.string(),
  kind: z.string(),
  change: z.enum(["+", "~", "-"]),
  subject: z.string(),
  summary: z.string(),
  fate: z.enum(["kept", "created", "moved", "trashed"]).optional(),
  detail: z.string().optional(),
});
export type Change = z.infer<typeof Change>;

export const PlanAnswer = z.looseObject({
  changes: z.array(Change),
  errors: z.array(z.looseObject({ reconciler: z.string(), message: z.string() })).default([]),
});
export type PlanAnswer = z.infer<typeof PlanAnswer>;

/** A host whose plan is known. */
export interface HostPlan {
  readonly host: string;
  readonly changes: readonly Change[];
  /** What could not be looked at: its changes are unknown, not none. */
  readonly errors: readonly string[];
}

/** A host whose plan is not known, and why. */
export interface Unknown {
  readonly host: string;
  readonly kind: "unreachable" | "failed";
  readonly reason: string;
}

export interface PlanScreen {
  readonly plans: readonly HostPlan[];
  readonly unknown: readonly Unknown[];
  /** Sites none of whose hosts answered. */
  readonly lostSites: readonly string[];
  readonly mapChanged: boolean;
}

type Paint = (colour: Colour, text: string) => string;
const colours = { "+": "green", "~": "yellow", "-": "red" } as const;

export function renderPlan(screen: PlanScreen, verbose: boolean, paint: Paint): string[] {
  const { plans, unknown, lostSites } = screen;
  const lines: string[] = [];
  for (const name of lostSites)
    lines.push(`${paint("red", `${name} is unreachable from here`)}; what would change there is not known.`);
  const gaps = [
    ...unknown
      .filter(({ host }) => !lostSites.includes(host.split("/")[0] ?? ""))
      .map(({ host, reason }) => [host, reason]),
    ...plans.flatMap(({ host, errors }) => errors.map((error) => [host, error])),
  ];
  lines.push(...table(gaps.map(([host = "", why = ""]) => [host, `${paint("red", "not known")}: ${oneLine(why)}`])));
  const changing = plans.filter(({ changes }) => changes.length > 0);
  const rows = changing.flatMap(({ host, changes }) =>
    changes.map((change, i) => ({ cells: cells(i === 0 ? host : "", change, paint), detail: change.detail })),
  );
  // Said once: the operator learns it from the first.
  const hinted = verbose ? undefined : rows.find(({ detail }) => detail !== undefined);
  const hint = paint("dim", "  (show with -v)");
  const printed = table(
    rows.map((row) => (row === hinted ? [...row.cells.slice(0, -1), row.cells.at(-1) + hint] : row.cells)),
  );
  rows.forEach(({ detail }, i) => {
    lines.push(printed[i] ?? "");
    if (verbose && detail !== undefined) lines.push(...diff(detail, paint));
  });
  lines.push(totals(screen, changing, paint));
  return lines;
}

function cells(host: string, { subject, change, summary, fate }: Change, paint: Paint): string[] {
  const fateNote = fate === undefined || fate === "created" ? "" : `  data ${fate}`;
  const painted = fate === "trashed" || fate === "moved" ? paint("red", fateNote) : fateNote;
  return [host, oneLine(subject), `${paint(colours[change], change)} ${oneLine(summary)}${painted}`];
}

function diff(detail: string, paint: Paint): string[] {
  return printable(detail.trimEnd())
    .split("\n")
    .map((line) => {
      const text = `    ${line}`;
      if (line.startsWith("+")) return paint("green", text);
      return line.startsWith("-") ? paint("red", text) : paint("dim", text);
    });
}

/** `3 hosts, 4 changes, no volume is deleted or moved. Apply with: zctl apply` */
function totals({ plans, unknown, mapChanged }: PlanScreen, changing: readonly HostPlan[], paint: Paint): string {
  const all = changing.flatMap(({ changes }) => changes);
  const gaps = unknown.length + plans.filter(({ errors }) => errors.length > 0).length;
  const caveat = gaps === 0 ? "" : ` (${count(gaps, "host")} not known)`;
  if (all.length === 0) {
    if (!mapChanged) return `No changes: every host is as the map says${caveat}.`;
    return `No host changes anything${caveat}, but the map is newer than what is in force. Apply with: zctl apply`;
  }
  return `${count(changing.length, "host")}, ${count(all.length, "change")}, ${fates(all, paint)}${caveat}. Apply with: zctl apply`;
}

function fates(changes: readonly Change[], paint: Paint): string {
  const trashed = changes.filter(({ fate }) => fate === "trashed").length;
  const moved = changes.filter(({ fate }) => fate === "moved").length;
  if (trashed + moved === 0) return "no volume is deleted or moved";
  const parts = [
    ...(trashed > 0 ? [`${count(trashed, "volume")} ${trashed === 1 ? "goes" : "go"} to trash`] : []),
    ...(moved > 0 ? [`${count(moved, "volume")} ${moved === 1 ? "is" : "are"} moved`] : []),
  ];
  return paint("red", parts.join(", "));
}

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", " ");
}
