import { join } from "node:path";
import { commandSaid, type Host } from "@zcloud/host";
import type { HostEntry, ZMap } from "@zcloud/map";
import { ZctlError } from "../exit.ts";
import { ensureSshConfig, sshConfigPath } from "../ssh-config.ts";

export interface SeenKey {
  /** `ssh-ed25519 AAAA`. */
  readonly publicKey: string;
  /** `SHA256:...` */
  readonly fingerprint: string;
}

/**
 * The key that a host shows now, along the way that every connection to it takes. Nobody logs in and nothing is told to
 * it: SSH breaks off after the key, which goes into a file that is thrown away.
 */
export async function seenKey(
  local: Host,
  map: ZMap,
  directory: string,
  { id }: HostEntry,
  signal: AbortSignal,
): Promise<SeenKey> {
  await ensureSshConfig(local, map, directory);
  const made = await local.run(["mktemp", "-d"]);
  const scratch = made.stdout.trim();
  if (made.status !== 0) throw new ZctlError("TOOL", `look at the key of ${id}: ${commandSaid(made)}`);
  try {
    const file = join(scratch, "known_hosts");
    const options = [
      "StrictHostKeyChecking=accept-new",
      `UserKnownHostsFile=${file}`,
      "GlobalKnownHostsFile=/dev/null",
    ];
    options.push(
      "HostKeyAlgorithms=ssh-ed25519",
      "HashKnownHosts=no",
      "PreferredAuthentications=none",
      "ControlPath=none",
    );
    const argv = ["ssh", "-F", sshConfigPath(directory), ...options.flatMap((option) => ["-o", option]), id, "true"];
    const asked = await local.run(argv, { signal, timeout: 30_000 });
    const [, type, key] = ((await local.read(file)) ?? "").trim().split(/\s+/);
    if (type === undefined || key === undefined) {
      throw new ZctlError("ENROLL", `${id} shows no Ed25519 key: ${commandSaid(asked)}`, {
        remedy:
          id.endsWith("/zcloud") || !id.includes("/")
            ? "is it up?"
            : "is its zcloud trusted and up? zctl trust SITE/zcloud first",
      });
    }
    const publicKey = `${type} ${key}`;
    const printed = await local.run(["ssh-keygen", "-l", "-f", "-"], { input: `${publicKey}\n` });
    const fingerprint = printed.stdout.split(" ")[1];
    if (printed.status !== 0 || fingerprint === undefined) {
      throw new ZctlError("TOOL", `read the key of ${id}: ${commandSaid(printed)}`);
    }
    return { publicKey, fingerprint };
  } finally {
    await local.remove(scratch);
  }
}
