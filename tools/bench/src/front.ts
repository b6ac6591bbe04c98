import { certificatesRow } from "./certificates.ts";
import { compare } from "./front-compare.ts";
import { failed } from "./front-failures.ts";
import { type FrontOptions, frontParts } from "./front-options.ts";
import { findPrograms } from "./front-programs.ts";
import { scale } from "./front-scale.ts";
import { type Row, report } from "./results.ts";

/** The front beside Caddy, nginx and a hand-written HAProxy, and its controller at scale. Needs no lab. */
export async function front(options: FrontOptions): Promise<void> {
  const programs = findPrograms();
  const rows: Row[] = [];
  const parts = {
    compare: () => compare(programs, options),
    scale: () => scale(programs, options),
    certificates: async () => [await certificatesRow()],
    failures: () => failed(options.quick),
  };
  for (const part of options.only === undefined ? frontParts : [options.only]) {
    console.log(` ${part}`);
    rows.push(...(await parts[part]()));
  }
  // A part alone is for trying: the file has the whole.
  report("front", rows, options.only === undefined ? "whole" : "no");
}
