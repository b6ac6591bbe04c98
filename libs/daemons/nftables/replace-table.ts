import { fingerprint } from "./fingerprint.ts";

/** A file for `nft -f` that replaces one table in one transaction. Its comment carries the fingerprint of everything in it. */
export function replaceTable(table: string, about: string, body: string): string {
  return [
    "#!/usr/sbin/nft -f",
    `# ${about}, made from the map and the autonomy table. Do not edit: it is replaced as a whole.`,
    `table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    `  comment "${fingerprint(body)}"`,
    body,
    "}",
    "",
  ].join("\n");
}
