/** How soon somebody has to act; worst first. */
export const urgencies = ["now", "soon", "know"] as const;
export type Urgency = (typeof urgencies)[number];

/** What one of Ceph's health codes means here. Texts have no full stop at their end, and commands in backticks. */
export interface HealthCode {
  readonly urgency: Urgency;
  /** For users and their data. */
  readonly means: string;
  /** What to do. In capitals what stands for something: SITE, NAME, N (of `osd.N`), POOL, PG. */
  readonly remedy: string;
  /** Where Ceph has its numbers or names; its summary by default. */
  readonly words?: "detail" | "none";
  /** With these words of Ceph's it is `now`. */
  readonly now?: RegExp;
  /** Codes that say the same, and more: while one of them is in force, of as many disks, this one is no problem of its own. */
  readonly toldBy?: readonly string[];
}

export type HealthCodes = Readonly<Record<string, HealthCode>>;

export interface HealthTheme {
  readonly title: string;
  /** Markdown, for the reference. */
  readonly about: string;
  readonly codes: HealthCodes;
}

/** The same for many. */
export function alike(names: readonly string[], code: HealthCode): HealthCodes {
  return Object.fromEntries(names.map((name) => [name, code]));
}
