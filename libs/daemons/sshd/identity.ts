import { commandSaid, type Host } from "@zcloud/host";
import { SshAuthorityError } from "./authority.ts";

/** Who a host is to SSH: its one key, made by itself at its first boot, and the authority's word for it. */
export const identityPlaces = {
  key: "/etc/ssh/ssh_host_ed25519_key",
  publicKey: "/etc/ssh/ssh_host_ed25519_key.pub",
  certificate: "/etc/ssh/ssh_host_ed25519_key-cert.pub",
  /** Before every other file: sshd takes the first value that it reads (sshd_config(5)). */
  config: "/etc/ssh/sshd_config.d/00-zcloud-identity.conf",
} as const;

export function renderIdentity(): string {
  const { key, certificate } = identityPlaces;
  return `# Written by zctl pki; changes are overwritten.\nHostKey ${key}\nHostCertificate ${certificate}\n`;
}

/**
 * Gives a host its certificate, and has sshd show it from now on; whoever is logged in stays.
 * @throws SshAuthorityError if sshd would not take it: nothing is changed then; or if it doesn't show it
 */
export async function installIdentity(host: Host, certificate: string): Promise<void> {
  const before = await host.read(identityPlaces.config);
  await host.write(identityPlaces.certificate, certificate);
  await host.write(identityPlaces.config, renderIdentity());
  const checked = await host.run(["/usr/sbin/sshd", "-t"]);
  if (checked.status !== 0) {
    await (before === undefined ? host.remove(identityPlaces.config) : host.write(identityPlaces.config, before));
    throw new SshAuthorityError(`give it its SSH certificate: sshd refuses it: ${commandSaid(checked)}`);
  }
  const reloaded = await host.run(["systemctl", "reload", "ssh.service"]);
  if (reloaded.status !== 0) throw new SshAuthorityError(`reload sshd: ${commandSaid(reloaded)}`);
  // A reload is a signal: a moment passes until it is so.
  const script =
    'for i in 1 2 3 4 5 6 7 8 9 10; do ssh-keyscan -c -T 5 127.0.0.1 2>&1 | grep -qF "$1" && exit; sleep 0.2; done; exit 1';
  const shown = await host.run(["sh", "-c", script, "sh", certificate.trim().split(/\s+/)[1] ?? ""]);
  if (shown.status !== 0) {
    throw new SshAuthorityError("give it its SSH certificate: sshd does not show it; look at journalctl -u ssh there");
  }
}
