import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import * as z from "zod";
import { type Layout, labsDirectory, layout } from "./layout.ts";

/** Which process a lab was made for. Process ids are used again; together with its start (clock ticks since boot) it is one. */
const Owner = z.strictObject({ pid: z.int(), started: z.string() });

/** Notes that the lab goes with a test's process. */
export async function noteOwner(at: Layout, pid: number): Promise<void> {
  const started = startOf(pid);
  if (started === undefined) throw new Error(`note the owner of lab ${at.lab}: there is no process ${pid}`);
  await mkdir(at.directory, { recursive: true });
  await writeFile(ownerPath(at), JSON.stringify({ pid, started } satisfies z.infer<typeof Owner>));
}

/** Labs made for tests whose process is gone. */
export async function orphans(): Promise<readonly Layout[]> {
  if (!existsSync(labsDirectory)) return [];
  const found: Layout[] = [];
  for (const name of await readdir(labsDirectory)) {
    const at = layout(name);
    const text = await readFile(ownerPath(at), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const { pid, started } = Owner.parse(JSON.parse(text));
    if (startOf(pid) !== started) found.push(at);
  }
  return found;
}

const ownerPath = (at: Layout): string => `${at.directory}/test-owner.json`;

/** Field 22 of proc_pid_stat(5), counted from behind the name, which may have blanks and parentheses. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
