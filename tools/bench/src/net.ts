import { dnsRows } from "./net-dns.ts";
import { gapRows } from "./net-gap.ts";
import { grepRows } from "./net-grep.ts";
import { logRows } from "./net-logs.ts";
import { nameRows } from "./net-names.ts";
import { type Row, report } from "./results.ts";

const parts = { dns: dnsRows, gap: gapRows, logs: logRows, grep: grepRows, names: nameRows };
export const netParts = Object.keys(parts);

/** What znet and every VM have: names, their gaps, logs. Needs no lab. */
export async function net(only: string | undefined, quick: boolean): Promise<void> {
  const rows: Row[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (only !== undefined && only !== name) continue;
    console.log(` ${name}`);
    rows.push(...(await part(quick)));
  }
  // A part alone, or a quick run, is for trying: the file has the whole.
  report("net", rows, only === undefined && !quick);
}
