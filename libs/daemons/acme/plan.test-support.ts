import type { HeldCertificate, WantedCertificate } from "./model.ts";
import type { OrderInput } from "./plan.ts";

export const day = 86_400_000;
export const hour = 3_600_000;
export const now = Date.UTC(2026, 10, 22);

/** A certificate a name. */
export function want(...names: readonly string[]): readonly WantedCertificate[] {
  return names.map((name) => ({ name, names: [name] }));
}

/** Valid for 90 days, this old. */
export function held(name: string, ageDays: number, names: readonly string[] = [name]): HeldCertificate {
  const [notBefore, notAfter] = [now - ageDays * day, now + (90 - ageDays) * day];
  return { name, names, notBefore, notAfter, issuer: "CA", fingerprint: `${name} ${ageDays}` };
}

/** Nothing has happened, nothing is known, nothing is limited. */
export const idle: Omit<OrderInput, "wanted"> = {
  have: [],
  attempts: {},
  ledger: [],
  limits: [],
  renewals: {},
  underWay: [],
  orders: [],
  now,
};
