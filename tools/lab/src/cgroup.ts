import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { LabError } from "./errors.ts";

/** Where cgroup v2 is mounted: alone, or beside v1 hierarchies (systemd's hybrid layout). */
export const unified: string = existsSync("/sys/fs/cgroup/cgroup.controllers")
  ? "/sys/fs/cgroup"
  : "/sys/fs/cgroup/unified";

/** Controllers that limit containers. */
export const limitControllers = ["memory", "pids", "cpu"] as const;

/** Which controllers cgroup v2 offers here; none on machines where v1 holds them. */
export async function unifiedControllers(): Promise<readonly string[]> {
  return (await readFile(`${unified}/cgroup.controllers`, "utf8").catch(() => ""))
    .split(/\s+/)
    .filter((name) => name !== "");
}

/** v1 hierarchies of the controllers that limit containers: name -> mount point. */
export function v1Controllers(): ReadonlyMap<string, string> {
  const found = limitControllers.map((name) => [name, `/sys/fs/cgroup/${name}`] as const);
  return new Map(found.filter(([, path]) => existsSync(`${path}/cgroup.procs`) && existsSync(`${path}/tasks`)));
}

/** Makes the cgroup of a host, and lets it use what controllers there are. */
export async function createCgroup(name: string): Promise<void> {
  const wanted = (await unifiedControllers()).filter((controller) =>
    (limitControllers as readonly string[]).includes(controller),
  );
  if (wanted.length > 0)
    await writeFile(`${unified}/cgroup.subtree_control`, wanted.map((controller) => `+${controller}`).join(" "));
  await mkdir(`${unified}/${name}`, { recursive: true });
  for (const mount of v1Controllers().values()) await mkdir(`${mount}/${name}`, { recursive: true });
}

/** Script that joins the cgroup and becomes the command. A process can only be moved whole before it has children. */
export function joining(name: string, argv: readonly string[]): readonly [string, ...string[]] {
  return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', `${unified}/${name}/cgroup.procs`, ...argv];
}

/** Whether any process lives in it or below. */
export async function populated(name: string): Promise<boolean> {
  const events = await readFile(`${unified}/${name}/cgroup.events`, "utf8").catch(() => "");
  return events.includes("populated 1");
}

/** Process id, on this machine, of the systemd that nspawn booted in this cgroup; undefined while there is none. */
export async function leader(name: string): Promise<number | undefined> {
  const text = await readFile(`${unified}/${name}/payload/init.scope/cgroup.procs`, "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return Number.isNaN(pid) ? undefined : pid;
}

/** Kills every process in it at once, as a power cut would (cgroup.kill, Linux 5.14), and waits until they are gone. */
export async function killCgroup(name: string): Promise<void> {
  if (!existsSync(`${unified}/${name}`)) return;
  await writeFile(`${unified}/${name}/cgroup.kill`, "1");
  for (let tries = 0; await populated(name); tries++) {
    if (tries > 500) throw new LabError(`kill ${name}: processes are still there after 10 s; see ${unified}/${name}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Removes an empty cgroup and all below it, in every hierarchy; no error if it is gone. */
export async function removeCgroup(name: string): Promise<void> {
  for (const mount of [unified, ...v1Controllers().values()]) await removeTree(`${mount}/${name}`);
}

/** Names of cgroups that start so. */
export async function listCgroups(prefix: string): Promise<readonly string[]> {
  const entries = await readdir(unified, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix)).map(({ name }) => name);
}

async function removeTree(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await removeTree(`${path}/${entry.name}`);
  // A zombie keeps its cgroup busy for a moment after the kill.
  for (let tries = 0; ; tries++) {
    try {
      return await rmdir(path);
    } catch (error) {
      if (tries >= 50) throw new LabError(`remove cgroup ${path}: ${String(error)}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
