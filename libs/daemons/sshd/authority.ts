import { commandSaid, type Host } from "@zcloud/host";

/** The installation's SSH authority can't be made or used. */
export class SshAuthorityError extends Error {
  readonly code = "SSH_AUTHORITY";
}

/** Signs the hosts' SSH keys, so that nobody is asked whether he knows one. */
export interface SshAuthority {
  readonly made: boolean;
  /** Line of its .pub file. */
  readonly publicKey: string;
  /** The certificate of a host's public key. Its names come from the map, never from the host. */
  sign(id: string, principals: readonly string[], publicKey: string): Promise<string>;
}

/** As long as the hosts' other certificates: `zctl pki` renews by itself in the last third. */
const validity = "-1h:+825d";

/**
 * The authority of an installation, made if it isn't there. Its key is on the operator's machine only.
 * @param secrets the installation's directory of that name
 */
export async function sshAuthority(local: Host, secrets: string): Promise<SshAuthority> {
  const path = `${secrets}/ssh-ca`;
  const [key, known] = [await local.stat(path), await local.read(`${path}.pub`)];
  if (key === undefined && known !== undefined) {
    throw new SshAuthorityError(
      `use the SSH authority: ${path}.pub is there, but its key is not; put it back from your backup, or remove both for a new one and run zctl pki`,
    );
  }
  if (key === undefined) await keygen(local, ["-q", "-t", "ed25519", "-N", "", "-C", "zCloud hosts", "-f", path]);
  // A .pub that was lost is made of its key again.
  if (known === undefined && key !== undefined) {
    await local.write(`${path}.pub`, await keygen(local, ["-y", "-f", path]));
  }
  const publicKey = (await local.read(`${path}.pub`))?.trim() ?? "";
  return {
    made: key === undefined,
    publicKey,
    async sign(id, principals, hostKey) {
      const at = `${secrets}/.${id.replace("/", "-")}`;
      await local.write(`${at}.pub`, hostKey, { mode: 0o600 });
      try {
        await keygen(local, ["-q", "-s", path, "-h", "-I", id, "-n", principals.join(), "-V", validity, `${at}.pub`]);
        return (await local.read(`${at}-cert.pub`)) ?? "";
      } finally {
        await local.remove(`${at}.pub`);
        await local.remove(`${at}-cert.pub`);
      }
    },
  };
}

async function keygen(local: Host, argv: readonly string[]): Promise<string> {
  const done = await local.run(["ssh-keygen", ...argv]);
  if (done.status === 0) return done.stdout;
  throw new SshAuthorityError(`run ssh-keygen ${argv.slice(0, 3).join(" ")}: ${commandSaid(done)}`);
}
