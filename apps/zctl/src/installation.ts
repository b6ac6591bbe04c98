import { basename, dirname, join, resolve } from "node:path";
import type { Host } from "@zcloud/host";
import {
  allHosts,
  formatProblem,
  type HostEntry,
  Keys,
  loadMap,
  type Problem,
  type Site,
  witnessOf,
  type ZMap,
} from "@zcloud/map";
import * as z from "zod";
import { ZctlError } from "./exit.ts";

/** context.json: how this installation is reached from here, where that is not the plain internet. */
export const Context = z.strictObject({
  /** Prefix of commands which must run at the operator's place in the network, e.g. probes of the front doors. */
  via: z.array(z.string()).default([]),
  /** Certificate authority of the public names, if the world does not know it (a lab's); relative to the directory. */
  caFile: z.string().optional(),
});
export type Context = z.infer<typeof Context>;

/** An installation directory, read and checked. */
export interface Installation {
  readonly directory: string;
  readonly mapPath: string;
  /** zcloud.yaml, verbatim: what is signed. */
  readonly mapText: string;
  readonly map: ZMap;
  readonly warnings: readonly Problem[];
  /** zcloud.keys.json, verbatim and parsed; undefined before `zctl pki`. */
  readonly keysText: string | undefined;
  readonly keys: Keys | undefined;
  readonly context: Context;
}

export interface Surroundings {
  readonly local: Host;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
}

/** Path of the map: what was asked for (--map, ZCLOUD_MAP), ./zcloud.yaml, or the installation in ~/.config/zcloud/current. */
export async function findMap(around: Surroundings, asked: string | undefined): Promise<string> {
  const named = asked ?? (around.env["ZCLOUD_MAP"] || undefined);
  if (named !== undefined) {
    const path = resolve(around.cwd, named);
    const map = (await fileBehind(around.local, path)) ?? (await fileBehind(around.local, join(path, "zcloud.yaml")));
    if (map !== undefined) return map;
    throw noInstallation(`there is no map at ${named}`);
  }
  const places = [join(around.cwd, "zcloud.yaml"), join(around.home, ".config/zcloud/current/zcloud.yaml")];
  for (const place of places) {
    const map = await fileBehind(around.local, place);
    if (map !== undefined) return map;
  }
  throw noInstallation("no installation was found: no zcloud.yaml here, and no ~/.config/zcloud/current");
}

export async function loadInstallation(around: Surroundings, asked: string | undefined): Promise<Installation> {
  const mapPath = await findMap(around, asked);
  const directory = dirname(mapPath);
  const mapText = (await around.local.read(mapPath)) ?? "";
  const loaded = loadMap(mapText, basename(mapPath));
  if (!loaded.ok) throw badMap(loaded.problems);
  const keysText = await around.local.read(join(directory, "zcloud.keys.json"));
  const context = await around.local.read(join(directory, "context.json"));
  return {
    directory,
    mapPath,
    mapText,
    map: loaded.map,
    warnings: loaded.warnings,
    keysText,
    keys: keysText === undefined ? undefined : parseFile(Keys, keysText, "zcloud.keys.json"),
    context: context === undefined ? { via: [] } : parseFile(Context, context, "context.json"),
  };
}

export function badMap(problems: readonly Problem[]): ZctlError {
  const found = `${problems.length === 1 ? "1 problem" : `${problems.length} problems`}. Nothing was changed.`;
  return new ZctlError("BAD_MAP", found, { exit: "badMap", details: problems.map(formatProblem) });
}

function noInstallation(message: string): ZctlError {
  const remedy = "name one with --map DIRECTORY or ZCLOUD_MAP, or make a lab: npm run lab";
  return new ZctlError("NO_INSTALLATION", message, { exit: "badMap", remedy });
}

export function parseFile<S extends z.ZodType>(schema: S, text: string, file: string): z.infer<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ZctlError("BAD_FILE", `${file} is not JSON: ${(cause as Error).message}`, { exit: "badMap", cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(({ path, message }) => `${file}  ${path.join(".")}  ${message}`);
  throw new ZctlError("BAD_FILE", `${file} is not valid`, { exit: "badMap", details });
}

async function fileBehind(local: Host, path: string): Promise<string | undefined> {
  // A symlinked map must be found where it lies: keys and secrets are its neighbours.
  const real = await local.run(["realpath", "-e", "--", path]);
  const target = real.stdout.trim();
  if (real.status !== 0) return undefined;
  return (await local.stat(target))?.kind === "file" ? target : undefined;
}

/** All VMs: the hosts that run one of our services. */
export function vms(map: ZMap): readonly HostEntry[] {
  return allHosts(map).filter(({ role }) => role !== "zcloud");
}

/** Everything that is reached by SSH: all VMs, the zclouds, and the witness where there is one. */
export function machines(map: ZMap): readonly HostEntry[] {
  const witness = witnessOf(map);
  return witness === undefined ? allHosts(map) : [...allHosts(map), witness];
}

/** The host that is written `north/zfront`; `zfront.north` and its full name are understood too. */
export function hostNamed(map: ZMap, id: string): HostEntry {
  const host = machines(map).find((one) => [one.id, `${one.name}.${one.site}`, one.fqdn].includes(id));
  if (host !== undefined) return host;
  const known = machines(map).map((one) => one.id);
  throw new ZctlError("UNKNOWN_NAME", `there is no host ${id} in the map`, { remedy: `hosts: ${known.join(", ")}` });
}

export function siteNamed(map: ZMap, name: string): Site {
  const site = map.sites.find((one) => one.name === name);
  if (site !== undefined) return site;
  const known = map.sites.map((one) => one.name).join(", ");
  throw new ZctlError("UNKNOWN_NAME", `there is no site ${name} in the map`, { remedy: `sites: ${known}` });
}
