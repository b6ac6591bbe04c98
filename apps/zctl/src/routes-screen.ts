import type { Route } from "./facts.ts";
import { type Colour, count, duration, printable, table } from "./screen.ts";

type Paint = (colour: Colour, text: string) => string;

/** One name, as each front that answered has it. */
export interface RouteRow {
  readonly name: string;
  readonly endpoint: string;
  /** What comes: requests, connections to a port, or TLS that its server opens itself. */
  readonly kind: Route["kind"];
  readonly fronts: readonly {
    readonly site: string;
    /** Site that answers; null: nobody. */
    readonly servedBy: string | null;
    /** Servers of this site that are up, or drained and there where nobody else is. */
    readonly servers: number;
    /** RFC 3339; null: only a placeholder is shown. */
    readonly certificateUntil: string | null;
  }[];
}

export function tableOfRoutes(
  fronts: readonly { readonly site: string; readonly routes: readonly Route[] }[],
): readonly RouteRow[] {
  const rows = new Map<string, { endpoint: string; kind: Route["kind"]; fronts: RouteRow["fronts"][number][] }>();
  for (const { site, routes } of fronts) {
    for (const { names, endpoint, kind, servedBy, servers, certificate } of routes) {
      const own = servers.filter(({ host }) => host.startsWith(`${site}/`));
      const up = own.filter(({ state }) => state.startsWith("UP") || state === "DRAINED").length;
      const door = { site, servedBy: servedBy ?? null, servers: up, certificateUntil: certificate.until ?? null };
      for (const name of names) {
        const row = rows.get(name) ?? { endpoint, kind, fronts: [] };
        row.fronts.push(door);
        rows.set(name, row);
      }
    }
  }
  return [...rows]
    .map(([name, row]) => ({ name, ...row, fronts: row.fronts.map((front) => believed(front, row.fronts)) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A front only knows that the other site had servers; whether they are up is the other front's to say. */
function believed(front: RouteRow["fronts"][number], fronts: RouteRow["fronts"]): RouteRow["fronts"][number] {
  const other = front.servedBy === front.site ? undefined : fronts.find(({ site }) => site === front.servedBy);
  if (other?.servers !== 0) return front;
  return { ...front, servedBy: front.servers > 0 ? front.site : null };
}

export function renderRoutes(rows: readonly RouteRow[], sites: readonly string[], now: number, paint: Paint): string[] {
  if (rows.length === 0)
    return ["No names are served yet. Put a stack in service with: zctl deploy DIR --tenant TENANT"];
  const head = ["NAME", "STACK:SERVICE", ...sites.map((site) => `AT ${site.toUpperCase()}`), "CERTIFICATE"];
  const body = rows.map(({ name, endpoint, kind, fronts }) => [
    printable(name),
    printable(endpoint),
    ...sites.map((site) =>
      door(
        fronts.find((one) => one.site === site),
        paint,
      ),
    ),
    kind === "http" ? certificate(fronts, now, paint) : paint("dim", kind === "tcp" ? "-" : "passthrough"),
  ]);
  return table([head.map((cell) => paint("dim", cell)), ...body]);
}

function door(front: RouteRow["fronts"][number] | undefined, paint: Paint): string {
  if (front === undefined) return paint("red", "not known there");
  if (front.servedBy === null) return paint("red", "nobody");
  if (front.servedBy === front.site) return count(front.servers, "server");
  return `by ${printable(front.servedBy)}`;
}

function certificate(fronts: RouteRow["fronts"], now: number, paint: Paint): string {
  const bare = fronts.filter(({ certificateUntil }) => certificateUntil === null).map(({ site }) => site);
  if (bare.length > 0) return paint("red", `none yet at ${bare.join(" and ")}`);
  const first = Math.min(...fronts.map(({ certificateUntil }) => Date.parse(certificateUntil ?? "")));
  return `${duration(first - now)} left`;
}
