import * as z from "zod";
import { type Colour, duration, printable, table } from "./screen.ts";

type Paint = (colour: Colour, text: string) => string;

/** A name's certificate as a front tells it: GET /v1/certificates (apps/zfront). Times are RFC 3339. */
export const Certificate = z.object({
  name: z.string(),
  state: z.enum(["good", "due", "ordering", "failing"]),
  /** null: visitors are shown a placeholder. */
  issuer: z.string().nullable(),
  notAfter: z.string().nullable(),
  lastError: z.object({ reason: z.string(), at: z.string(), failures: z.number() }).nullable(),
  nextAttempt: z.string(),
});
export type Certificate = z.infer<typeof Certificate>;
export const Certificates = z.looseObject({ certificates: z.array(Certificate) });

/** One name, as each front that answered has it. */
export interface CertificateRow {
  readonly name: string;
  readonly fronts: readonly (Omit<Certificate, "name"> & { readonly site: string })[];
}

export function tableOfCertificates(
  fronts: readonly { readonly site: string; readonly certificates: readonly Certificate[] }[],
): readonly CertificateRow[] {
  const rows = new Map<string, CertificateRow["fronts"][number][]>();
  for (const { site, certificates } of fronts) {
    for (const { name, ...one } of certificates) rows.set(name, [...(rows.get(name) ?? []), { site, ...one }]);
  }
  return [...rows].map(([name, at]) => ({ name, fronts: at })).sort((a, b) => (a.name < b.name ? -1 : 1));
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
  const failures = rows.flatMap(({ name, fronts }) =>
    fronts.flatMap((one) => (one.state === "failing" ? [failure(name, one, now, paint)] : [])),
  );
  const head = ["NAME", ...sites.map((site) => `AT ${site.toUpperCase()}`)].map((cell) => paint("dim", cell));
  const body = rows.map(({ name, fronts }) => [
    printable(name),
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

function failure(
  name: string,
  { site, notAfter, lastError, nextAttempt }: CertificateRow["fronts"][number],
  now: number,
  paint: Paint,
): readonly string[] {
  const times = lastError === null || lastError.failures === 1 ? "" : `, ${lastError.failures} times`;
  const what = notAfter === null ? "no certificate yet" : "no new certificate";
  return [
    `${printable(name)} at ${site}: ${paint("red", what)}${times}: ${printable(lastError?.reason ?? "not known why")}`,
    `  next attempt ${when(nextAttempt, now)} by itself; now: zctl certificates retry ${printable(name)} --site ${site}`,
  ];
}

function cell(front: CertificateRow["fronts"][number] | undefined, now: number, paint: Paint): string {
  if (front === undefined) return paint("red", "not known there");
  const { state, issuer, notAfter, nextAttempt } = front;
  const next = {
    good: `renewed ${when(nextAttempt, now)}`,
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
