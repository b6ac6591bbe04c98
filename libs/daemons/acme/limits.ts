/** How often an authority may be asked. Kept for all sites together; each takes its share. */
export interface Limit {
  /** As operators read it. */
  readonly id: string;
  /** What is counted: every order, or only those that (may) have brought a certificate. */
  readonly counts: "orders" | "certificates";
  /** One budget for the account, for each registered domain, or for each exact set of names. */
  readonly per: "account" | "domain" | "names";
  readonly most: number;
  /** Milliseconds. */
  readonly window: number;
  /** An order for exactly the names of a certificate that is to end is not counted. */
  readonly renewalsFree: boolean;
}

const hour = 3_600_000;
const week = 168 * hour;

/** Sites share an account, but no state: each keeps to half of every budget, so that both together can't exceed it. */
export const sites = 2;

/** https://letsencrypt.org/docs/rate-limits/ as of 2025-06; its failed validations are kept by attempts.ts. */
const letsEncrypt: readonly Limit[] = [
  { id: "new orders", counts: "orders", per: "account", most: 300, window: 3 * hour, renewalsFree: true },
  { id: "certificates of a domain", counts: "certificates", per: "domain", most: 50, window: week, renewalsFree: true },
  { id: "the same certificate", counts: "certificates", per: "names", most: 5, window: week, renewalsFree: false },
];

/** What every authority is spared, whatever it allows. */
const others: readonly Limit[] = [
  { id: "new orders", counts: "orders", per: "account", most: 300, window: 3 * hour, renewalsFree: false },
];

/** By host of the directory. */
const known: Readonly<Record<string, readonly Limit[]>> = { "acme-v02.api.letsencrypt.org": letsEncrypt };

export function limitsOf(directory: string): readonly Limit[] {
  return known[new URL(directory).hostname] ?? others;
}

/** Second labels under which countries give out names: `co.uk`, `org.au`. */
const registries = new Set([
  "ac",
  "co",
  "com",
  "edu",
  "gob",
  "gov",
  "gv",
  "mil",
  "ne",
  "net",
  "nom",
  "or",
  "org",
  "sch",
]);

/**
 * The registered domain of a name, or something shorter that it is a part of: the two last labels, three under a country's
 * registry. Without the list of public suffixes that is a guess, on the side that counts too much together.
 */
export function registeredDomain(name: string): string {
  const labels = name.split(".");
  const [second = "", top = ""] = labels.slice(-2);
  return labels.slice(top.length === 2 && registries.has(second) ? -3 : -2).join(".");
}
