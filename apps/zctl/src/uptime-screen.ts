import * as z from "zod";
import { type Colour, duration, printable, table } from "./screen.ts";

type Paint = (colour: Colour, text: string) => string;

const Share = z.number().min(0).max(1).nullable();

/** An endpoint at a front door as one front sees it: GET /v1/uptime (libs/daemons/probe, report.ts). Times are RFC 3339. */
export const Uptime = z.object({
  endpoint: z.string(),
  name: z.string(),
  /** Public port of a TCP service. */
  port: z.int().nullable().default(null),
  /** Site whose front door it is. */
  door: z.string(),
  /** Only its TLS handshake is tried; its certificate is its owner's. */
  passthrough: z.boolean().default(false),
  state: z.enum(["new", "up", "down", "maintenance"]),
  since: z.string(),
  servedBy: z.string().nullable(),
  ms: z.number().nullable(),
  reason: z.string().nullable(),
  /** Shares from 0 to 1; null: nobody looked. */
  uptime: z.object({ "24h": Share, "7d": Share, "90d": Share }),
  lastOutage: z.object({ from: z.string(), to: z.string().nullable(), reason: z.string() }).nullable(),
});
export type Uptime = z.infer<typeof Uptime>;
export const Uptimes = z.looseObject({ endpoints: z.array(Uptime) });

/** One endpoint with every door, as seen from every front that answered. */
export interface UptimeRow {
  readonly endpoint: string;
  readonly name: string;
  readonly port: number | null;
  readonly passthrough: boolean;
  readonly doors: readonly (Omit<Uptime, "endpoint" | "name" | "port" | "door" | "passthrough"> & {
    readonly site: string;
    /** Site from which it was asked. */
    readonly from: string;
  })[];
}

export function tableOfUptimes(
  fronts: readonly { readonly site: string; readonly endpoints: readonly Uptime[] }[],
): readonly UptimeRow[] {
  const rows = new Map<string, Omit<UptimeRow, "doors"> & { readonly doors: UptimeRow["doors"][number][] }>();
  for (const { site: from, endpoints } of fronts) {
    for (const { endpoint, name, port, passthrough, door: site, ...one } of endpoints) {
      // A service may have names and ports: a row each.
      const key = port === null ? endpoint : `${endpoint} ${port}`;
      const row = rows.get(key) ?? { endpoint, name, port, passthrough, doors: [] };
      rows.set(key, row);
      row.doors.push({ site, from, ...one });
    }
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Whether somebody finds it down at some door. */
export function isDown({ doors }: UptimeRow): boolean {
  return doors.some(({ state }) => state === "down");
}

/** What is down first, with its reason; then one line an endpoint. Of two views of a door the worse is shown. */
export function renderUptimes(
  rows: readonly UptimeRow[],
  sites: readonly string[],
  now: number,
  paint: Paint,
): string[] {
  if (rows.length === 0)
    return ["No endpoint is watched yet. Put a stack in service with: zctl deploy DIR --tenant TENANT"];
  const head = ["ENDPOINT", "NAME", ...sites.map((site) => `AT ${site.toUpperCase()}`), "24 H", "7 D", "90 D"];
  const sorted = [...rows].sort((a, b) => Number(isDown(b)) - Number(isDown(a)));
  const body = sorted.map((row) => [
    printable(row.endpoint),
    `${printable(row.name)}${row.passthrough ? " (passthrough)" : ""}`,
    ...sites.map((site) => doorCell(row, site, now, paint)),
    ...(["24h", "7d", "90d"] as const).map((window) => shareCell(row, window, paint)),
    outageCell(row, now),
  ]);
  return table([[...head, "LAST OUTAGE"].map((cell) => paint("dim", cell)), ...body]);
}

function doorCell({ doors }: UptimeRow, site: string, now: number, paint: Paint): string {
  const views = doors.filter((one) => one.site === site);
  const down = views.find(({ state }) => state === "down");
  if (down !== undefined) {
    const only = views.length > 1 && views.some(({ state }) => state === "up") ? `, from ${down.from} only` : "";
    const lasts = duration(now - Date.parse(down.since));
    return paint("red", `down ${lasts}${only}: ${printable(down.reason ?? "not known why")}`);
  }
  const resting = views.find(({ state }) => state === "maintenance");
  if (resting !== undefined) return paint("yellow", `maintenance ${duration(now - Date.parse(resting.since))}`);
  const [up] = views.filter(({ state }) => state === "up");
  if (up === undefined) return paint("dim", views.length === 0 ? "not watched" : "not yet");
  const by = up.servedBy === null || up.servedBy === site ? "" : ` by ${printable(up.servedBy)}`;
  return `up${by}`;
}

/** The worst of all doors and views. */
function shareCell({ doors }: UptimeRow, window: keyof Uptime["uptime"], paint: Paint): string {
  const known = doors.flatMap(({ uptime }) => (uptime[window] === null ? [] : [uptime[window]]));
  if (known.length === 0) return paint("dim", "-");
  const worst = Math.min(...known);
  const text = percent(worst);
  return worst < 0.99 ? paint("yellow", text) : text;
}

/** `99.98 %`; only what never failed is 100 %. */
export function percent(share: number): string {
  if (share === 1) return "100 %";
  const floored = Math.floor(share * 10_000) / 100;
  return `${floored.toFixed(2)} %`;
}

function outageCell({ doors }: UptimeRow, now: number): string {
  const outages = doors.flatMap(({ lastOutage }) => (lastOutage === null ? [] : [lastOutage]));
  const last = outages.sort((a, b) => (a.from < b.from ? 1 : -1))[0];
  if (last === undefined) return "none";
  if (last.to === null) return `now, ${printable(last.reason)}`;
  const lasted = duration(Date.parse(last.to) - Date.parse(last.from));
  return `${duration(now - Date.parse(last.from))} ago for ${lasted}, ${printable(last.reason)}`;
}
