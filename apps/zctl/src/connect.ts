import { controlDirectory, type Host, SshHost } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import type { Installation } from "./installation.ts";
import { ensureSshConfig, sshConfigPath } from "./ssh-config.ts";

/** Seconds: a host that takes longer is told of as unreachable, and holds up nobody. */
const connectTimeout = 5;

/**
 * A host of the installation, by SSH. Its connection is shared with other runs and closes by itself a minute after its
 * last use: never close it, somebody else may be using it.
 */
export async function connect(
  local: Host,
  { map, directory }: Pick<Installation, "map" | "directory">,
  { id }: HostEntry,
): Promise<Host> {
  await ensureSshConfig(local, map, directory);
  const configFile = sshConfigPath(directory);
  return new SshHost({
    name: id,
    destination: id,
    configFile,
    controlDirectory: await controlDirectory(),
    connectTimeout,
  });
}

/** The command line of system OpenSSH for a host: `ssh -F ssh_config north/zpod1 --`. */
export function sshCommand(
  { directory }: Pick<Installation, "directory">,
  { id }: HostEntry,
  options: { readonly terminal: boolean },
): readonly string[] {
  return ["ssh", "-F", sshConfigPath(directory), ...(options.terminal ? ["-t"] : []), id, "--"];
}
