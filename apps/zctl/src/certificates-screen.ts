import * as z from "zod";
import { type Colour, duration, printable, table } from "./screen.ts";

type Paint = (colour: Colour, text: string) => string;

/** A certificate as a front tells it: GET /v1/certificates (apps/zfront). Times are RFC 3339. */
export const Certificate = z.object({
  /** One of its names, by which that front knows it. */
  name: z.string(),
  names: z.array(z.string()).min(1),
  state: z.enum(["good", "due", "ordering", "failing", "waiting"]),
  /** null: visitors are shown a placeholder. */
  issuer: z.string().nullable(),
  notAfter: z.string().nullable(),
  lastError: z.object({ reason: z.string(), at: z.string(), failures: z.number() }).nullable(),
  /** Which of its names failed. */
  failing: z.array(z.object({ name: z.string(), reason: z.string() })),
  nextAttempt: z.string(),
  /** authority, third, failed, `budget: WHICH`, ... */
  why: z.string(),
});
export type Certificate = z.infer<typeof Certificate>;

/** What is left of a site's share of one of the authority's limits. */
const Budget = z.object({
  limit: z.string(),
  /** A domain, or names; empty: the account. */
  of: z.string(),
  most: z.number(),
  left: z.number(),
  windowSeconds: z.number(),
  /** When there is more; null: all of it is there. */
  moreAfter: z.string().nullable(),
});
export const Certificates = z.looseObject({ certificates: z.array(Certificate), budgets: z.array(Budget) });

/** Names that share a certificate at every site, and each of these as the front that answered has it. */
export interface CertificateRow {
  readonly name: string;
  readonly names: readonly string[];
  readonly fronts: readonly (Omit<Certificate, "names" | "name"> & {
    readonly site: string;
    readonly certificate: string;
  })[];
}

/** Budgets as each site has them. */
export type SiteBudget = z.infer<typeof Budget> & { readonly site: string };

/** Each site may have put names together in its own way, so names are what the sites have in common. */
export function tableOfCertificates(
  fronts: readonly { readonly site: string; readonly certificates: readonly Certificate[] }[],
): readonly CertificateRow[] {
  const found = new Map<string, Map<string, Certificate>>();
  for (const { site, certificates } of fronts) {
    for (const certificate of certificates) {
      for (const name of certificate.names)
        found.set(name, (found.get(name) ?? new Map<string, Certificate>()).set(site, certificate));
    }
  }
  const rows = new Map<string, CertificateRow>();
  for (const [name, at] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = [...at].map(([site, one]) => `${site} ${one.name}`).join();
    const before = rows.get(key);
    const here = [...at].map(([site, { name: certificate, names: _, ...one }]) => ({ site, certificate, ...one }));
    rows.set(key, { name: before?.name ?? name, names: [...(before?.names ?? []), name], fronts: here });
  }
  return [...rows.values()];
}

/** A line for each budget of which less than half is left. */
export function renderBudgets(budgets: readonly SiteBudget[], now: number): string[] {
  return budgets
    .filter(({ left, most }) => left < most / 2)
    .map(({ site, limit, of, most, left, windowSeconds, moreAfter }) => {
      const more = moreAfter === null ? "" : `, more ${when(moreAfter, now)}`;
      const what = printable(`${limit} ${of}`.trim());
      return `${site} may still make ${left} of its ${most} orders in ${duration(windowSeconds * 1_000)} (${what})${more}`;
    });
}

/** What fails first, with the command that helps; then one line a name. */
export function renderCertificates(
  rows: readonly CertificateRow[],
  sites: readonly string[],
  now: number,
  paint: Paint,
): string[] {
  if (rows.length === 0)
    return ["No names are served yet. Put a stack in service with: zctl deploy DIR --tenant TENANT"];
  const failures = rows.flatMap(({ names, fronts }) =>
    fronts.flatMap((one) => (one.state === "failing" ? [failure(names, one, now, paint)] : [])),
  );
  const head = ["NAMES", ...sites.map((site) => `AT ${site.toUpperCase()}`)].map((cell) => paint("dim", cell));
  const body = rows.map(({ names, fronts }) => [
    shownNames(names),
    ...sites.map((site) =>
      cell(
        fronts.find((one) => one.site === site),
        now,
        paint,
      ),
    ),
  ]);
  return [...failures.flat(), ...table([head, ...body])];
}

/** The first names; all of them are in the document. */
function shownNames(names: readonly string[]): string {
  const more = names.length - 3;
  return printable(names.slice(0, 3).join(" ")) + (more > 0 ? ` and ${more} more` : "");
}

function failure(
  names: readonly string[],
  { site, notAfter, lastError, failing, nextAttempt }: CertificateRow["fronts"][number],
  now: number,
  paint: Paint,
): readonly string[] {
  const times = lastError === null || lastError.failures === 1 ? "" : `, ${lastError.failures} times`;
  const what = notAfter === null ? "no certificate yet" : "no new certificate";
  const which = failing.map(({ name }) => name).filter((name) => names.includes(name));
  const [name = ""] = which.length > 0 ? which : names;
  return [
    `${shownNames(which.length > 0 ? which : names)} at ${site}: ${paint("red", what)}${times}: ${printable(lastError?.reason ?? "not known why")}`,
    `  next attempt ${when(nextAttempt, now)} by itself; now: zctl certificates retry ${printable(name)} --site ${site}`,
  ];
}

function cell(front: CertificateRow["fronts"][number] | undefined, now: number, paint: Paint): string {
  if (front === undefined) return paint("red", "not known there");
  const { state, issuer, notAfter, nextAttempt, why } = front;
  const next = {
    good: `renewed ${when(nextAttempt, now)}${why === "authority" ? " (the authority's wish)" : ""}`,
    waiting: `ordered ${when(nextAttempt, now)} (${printable(why)})`,
    ordering: "ordering now",
    due: "to be ordered",
    failing: `tried again ${when(nextAttempt, now)}`,
  }[state];
  if (notAfter === null) return `${paint("red", "none")}, ${next}`;
  return `${duration(Date.parse(notAfter) - now)} left, by ${printable(issuer ?? "unknown")}, ${next}`;
}

function when(time: string, now: number): string {
  const ms = Date.parse(time) - now;
  return ms <= 0 ? "now" : `in ${duration(ms)}`;
}
