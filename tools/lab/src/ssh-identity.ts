import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  hostPrincipals,
  identityPlaces,
  renderIdentity,
  type SshAuthority,
  sshAuthority,
  sshCertificateNeed,
} from "@zcloud/daemons/sshd";
import { LocalHost } from "@zcloud/host";
import type { HostEntry, ZMap } from "@zcloud/map";
import { run } from "./exec.ts";
import type { Layout } from "./layout.ts";
import type { ProvisionedFile } from "./provision.ts";

/** The installation's SSH authority, made with the lab: the one that `zctl pki` goes on with. */
export function labSshAuthority(layout: Layout): Promise<SshAuthority> {
  return sshAuthority(new LocalHost(), layout.secrets);
}

/**
 * What a host shows to SSH from its first moment on: its key is made on its own disk, and signed as `zctl pki` does it.
 * @param root where its disk is mounted
 */
export async function sshIdentity(
  root: string,
  map: ZMap,
  host: HostEntry,
  authority: SshAuthority,
): Promise<ReadonlyMap<string, ProvisionedFile>> {
  const path = `${root}${identityPlaces.key}`;
  if (!existsSync(path)) await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
  const key = await readFile(`${path}.pub`, "utf8");
  const have = await readFile(`${root}${identityPlaces.certificate}`, "utf8").catch(() => undefined);
  const principals = hostPrincipals(map, host);
  const good = sshCertificateNeed(have, { principals, key, authority: authority.publicKey, now: Date.now() });
  const certificate = good === undefined && have !== undefined ? have : await authority.sign(host.id, principals, key);
  return new Map([
    [identityPlaces.certificate, { content: certificate, mode: 0o644 }],
    [identityPlaces.config, { content: renderIdentity(), mode: 0o644 }],
  ]);
}
