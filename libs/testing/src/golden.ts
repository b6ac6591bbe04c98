import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { diffLines } from "@zcloud/reconcile";

/**
 * Fails unless `text` is the content of the golden file, showing what differs. UPDATE_GOLDEN=1 writes the file instead:
 * read the diff before you commit it.
 * @param file absolute path, or a URL such as `new URL("golden/lab.conf", import.meta.url)`
 */
export function golden(file: string | URL, text: string): void {
  const path = typeof file === "string" ? file : fileURLToPath(file);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  if (!existsSync(path))
    throw new Error(`there is no golden file ${path}; write it with UPDATE_GOLDEN=1, then read it`);
  const expected = readFileSync(path, "utf8");
  if (text !== expected)
    throw new Error(`${path} differs; if that is right: UPDATE_GOLDEN=1\n${diffLines(expected, text).unified}`);
}
