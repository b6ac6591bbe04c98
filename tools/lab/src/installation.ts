import { existsSync } from "node:fs";
import { lstat, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { identityPlaces, withAuthority, withPin } from "@zcloud/daemons/sshd";
import { allHosts, formatProblems, loadMap, witnessOf, type ZMap } from "@zcloud/map";
import { parseDocument } from "yaml";
import { run } from "./exec.ts";
import { hostPaths, type Layout, unitName } from "./layout.ts";
import { bareKey } from "./provision.ts";
import { renderSshConfig } from "./ssh-config.ts";

/** The map that a lab was asked to run is not right. */
export class LabMapError extends Error {
  readonly code = "LAB_MAP";
}

/** The lab operator's public key, made with its private half once per lab. */
export async function operatorKey(layout: Layout): Promise<string> {
  const path = `${layout.secrets}/operator`;
  await mkdir(layout.secrets, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", path]);
  return bareKey(await readFile(`${path}.pub`, "utf8"));
}

/**
 * The map that this lab runs. The first `up` copies the given file with the lab's own operator; from then on the
 * installation's copy is the operator's to edit, and the only one that counts.
 */
export async function installationMap(layout: Layout, file: string): Promise<ZMap> {
  const path = `${layout.installation}/zcloud.yaml`;
  if (!existsSync(path)) {
    const given = await readFile(file, "utf8");
    parseMap(given, file);
    const document = parseDocument(given);
    document.set("operators", document.createNode([{ name: "lab", key: await operatorKey(layout) }]));
    await writeFile(path, document.toString({ lineWidth: 120 }));
  }
  return parseMap(await readFile(path, "utf8"), path);
}

/** The map of a lab that has been up; undefined if there is none. */
export async function knownMap(layout: Layout): Promise<ZMap | undefined> {
  const path = `${layout.installation}/zcloud.yaml`;
  return existsSync(path) ? parseMap(await readFile(path, "utf8"), path) : undefined;
}

function parseMap(text: string, file: string): ZMap {
  const loaded = loadMap(text, file);
  if (!loaded.ok) throw new LabMapError(formatProblems(loaded.problems));
  return loaded.map;
}

/** Everything else in the installation directory; each file is written whole, every time. */
export async function writeInstallation(layout: Layout, map: ZMap, busybox: string): Promise<void> {
  await mkdir(layout.sockets, { recursive: true, mode: 0o700 });
  await writeFile(`${layout.installation}/ssh_config`, renderSshConfig(map, layout, busybox));
  await writeFile(
    `${layout.installation}/context.json`,
    `${JSON.stringify({ via: clientVia(layout), caFile: "trust/bundle.crt" }, undefined, 2)}\n`,
  );
}

/** Command prefix that runs a program at the client's place: its network, its resolver, its trust in the lab's authority. */
export function clientVia(layout: Layout): readonly string[] {
  const bundle = `${layout.trust}/bundle.crt`;
  return [
    "env",
    `CURL_CA_BUNDLE=${bundle}`,
    `SSL_CERT_FILE=${bundle}`,
    "ip",
    "netns",
    "exec",
    unitName(layout.lab, "client"),
  ];
}

/** Whom SSH knows: what the installation's authority signed; by its key, a host that was made before there was one. */
export async function writeKnownHosts(layout: Layout, map: ZMap, authority: string): Promise<void> {
  let text = withAuthority("", authority);
  const witness = witnessOf(map);
  for (const { id } of [...allHosts(map), ...(witness === undefined ? [] : [witness])]) {
    const onDisk = (path: string) => readFile(`${hostPaths(layout, id).upper}${path}`, "utf8").catch(() => undefined);
    const key = await onDisk(identityPlaces.publicKey);
    const signed = (await onDisk(identityPlaces.certificate)) !== undefined;
    if (key !== undefined && !signed) text = withPin(text, id, key);
  }
  await writeFile(`${layout.installation}/known_hosts`, text);
}

/** `zctl` without --map finds the installation by this link. The lab named `lab` takes it; others only if it is free. */
export async function linkCurrent(layout: Layout): Promise<boolean> {
  const link = currentLink();
  const now = await readlink(link).catch(() => undefined);
  if (now === layout.installation) return true;
  const free =
    now === undefined
      ? !(await lstat(link).then(
          () => true,
          () => false,
        ))
      : !existsSync(link);
  if (!free && layout.lab !== "lab") return false;
  await mkdir(dirname(link), { recursive: true });
  await symlink(layout.installation, `${link}.new`);
  await rename(`${link}.new`, link);
  return true;
}

export async function unlinkCurrent(layout: Layout): Promise<void> {
  const link = currentLink();
  if ((await readlink(link).catch(() => undefined)) === layout.installation) await rm(link);
}

function currentLink(): string {
  return `${homedir()}/.config/zcloud/current`;
}
