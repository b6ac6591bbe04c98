import { join } from "node:path";
import {
  hostPrincipals,
  identityPlaces,
  installIdentity,
  renderIdentity,
  type SshAuthority,
  sshAuthority,
  sshCertificateNeed,
  withAuthority,
  withoutPins,
} from "@zcloud/daemons/sshd";
import type { Host } from "@zcloud/host";
import type { HostEntry, ZMap } from "@zcloud/map";
import { ZctlError } from "../exit.ts";
import { type Installation, machines } from "../installation.ts";
import type { Invocation } from "../invocation.ts";
import { done, everywhere, type Part } from "../parallel.ts";
import { knownHostsPath } from "../ssh-config.ts";

/** Signs every host's SSH key, zclouds' and the witness's too. A part's value says why a key was signed; undefined if it was good. */
export async function identify(
  it: Invocation,
  { map, directory }: Pick<Installation, "map" | "directory">,
  renew: boolean,
): Promise<{ readonly made: boolean; readonly parts: readonly Part<string | undefined>[] }> {
  const { local } = it.ports;
  const authority = await sshAuthority(local, join(directory, "secrets"));
  await changeKnownHosts(local, directory, (text) => withAuthority(text, authority.publicKey));
  const parts = await everywhere(machines(map), it.signal, async (entry) => {
    return certify(await it.host(entry), map, entry, authority, renew, it.ports.now());
  });
  const signed = done(parts).map(({ entry }) => entry.id);
  await changeKnownHosts(local, directory, (text) => withoutPins(text, signed));
  return { made: authority.made, parts };
}

async function certify(
  host: Host,
  map: ZMap,
  entry: HostEntry,
  authority: SshAuthority,
  renew: boolean,
  now: number,
): Promise<string | undefined> {
  const key = await host.read(identityPlaces.publicKey);
  if (key === undefined) {
    throw new ZctlError(
      "ENROLL",
      `it has no ${identityPlaces.publicKey}; make its keys: zctl ssh ${entry.id} ssh-keygen -A`,
    );
  }
  const principals = hostPrincipals(map, entry);
  const have = await host.read(identityPlaces.certificate);
  const need = sshCertificateNeed(have, { principals, key, authority: authority.publicKey, now });
  const shown = (await host.read(identityPlaces.config)) === renderIdentity();
  const why = renew ? "renewed" : (need ?? (shown ? undefined : "sshd did not show it"));
  if (why === undefined) return undefined;
  await installIdentity(host, await authority.sign(entry.id, principals, key));
  return why;
}

/** Same lines, same file: it is not touched when nothing changes. */
export async function changeKnownHosts(
  local: Host,
  directory: string,
  change: (text: string) => string,
): Promise<void> {
  const path = knownHostsPath(directory);
  const before = (await local.read(path)) ?? "";
  const after = change(before);
  if (after !== before) await local.write(path, after);
}
