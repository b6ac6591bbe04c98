import { dnsRows } from "./net-dns.ts";
import { gapRows } from "./net-gap.ts";
import { grepRows } from "./net-grep.ts";
import { logRows } from "./net-logs.ts";
import { nameRows } from "./net-names.ts";
import { outageRows } from "./net-outages.ts";
import { type Row, report } from "./results.ts";

const parts = { dns: dnsRows, gap: gapRows, logs: logRows, outages: outageRows, grep: grepRows, names: nameRows };
export const netParts = Object.keys(parts);

/**
 * What znet and every VM have: names, their gaps, logs. Needs no lab.
 * @param minutes that znet is off
 */
export async function net(only: string | undefined, quick: boolean, minutes: number): Promise<void> {
  const rows: Row[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (only !== undefined && only !== name) continue;
    console.log(` ${name}`);
    rows.push(...(await part(quick, minutes)));
  }
  // A part alone, or a quick run, is for trying: the file has the whole.
  report("net", rows, only === undefined && !quick);
}
