import { compose, ownDirectory } from "@zcloud/daemons/stack";

/** Command line that runs `argv` where it can read the stack's files and nothing else of the host. */
export type Sandbox = (
  argv: readonly string[],
  files: { readonly from: string; readonly as: string },
) => readonly string[];

/**
 * systemd's: a user of its own, no network, no environment, empty /srv, /etc, /var/lib and /run. Compose reads any path
 * that a file names (extends, include, env_file) and puts its environment into values, hence all this.
 */
export const systemdSandbox: Sandbox = (argv, { from, as }) => [
  "systemd-run",
  "--quiet",
  "--pipe",
  "--wait",
  "--collect",
  "--property=DynamicUser=yes",
  "--property=PrivateNetwork=yes",
  "--property=NoNewPrivileges=yes",
  "--property=ProtectHome=yes",
  "--property=ProtectProc=invisible",
  "--property=TemporaryFileSystem=/srv:ro /etc:ro /var/lib:ro /opt:ro /run:ro",
  `--property=BindReadOnlyPaths=${from}:${as}`,
  `--property=WorkingDirectory=${as}`,
  "--property=MemoryMax=256M",
  "--property=TasksMax=64",
  "--property=RuntimeMaxSec=20",
  "--property=LimitCORE=0",
  "--",
  ...argv,
];

const divider = "---";

/** One run that prints the stack as its tenant wrote it, and as it is with our override. */
export function normaliseCommand(project: string, program: readonly string[] = [compose]): readonly string[] {
  const run = `"$@" -p ${project} -f compose.yaml`;
  const script = `set -e; ${run} config; echo ${divider}; ${run} -f ${ownDirectory}/override.yaml config`;
  return ["/bin/sh", "-c", script, "sh", ...program];
}

/** The two documents of `normaliseCommand`; undefined if there aren't two. Block text is indented, so a bare line parts them. */
export function splitNormalised(stdout: string): { readonly written: string; readonly merged: string } | undefined {
  const [written, merged, ...more] = stdout.split(new RegExp(`^${divider}\\n`, "m"));
  return written === undefined || merged === undefined || more.length > 0 ? undefined : { written, merged };
}
