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
  const failed: unknown[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (only !== undefined && only !== name) continue;
    console.log(` ${name}`);
    try {
      rows.push(...(await part(quick, minutes)));
    } catch (error) {
      // Half an hour of the others is not lost with it.
      console.error(`  ${name} was broken off: ${error instanceof Error ? error.message : error}`);
      failed.push(error);
    }
  }
  report("net", rows, quick ? "no" : only === undefined && failed.length === 0 ? "whole" : "part");
  if (failed.length > 0) throw new Error(`${failed.length} of the parts did not end; their rows are as they were`);
}
