import { shellCommand, shellQuote } from "./shell-quote.ts";

/**
 * What frames a command on the other side. `ssh` itself exits 255 when it can't connect and when the connection
 * breaks, and so may the command: the marks on standard error tell what happened.
 */
const beginMark = "<<zcloud begin>>";
const endMark = /<<zcloud end (\d+)>>$/;

export interface RemoteCommand {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds; the whole process group is killed there too. */
  readonly timeout: number;
}

/** timeout(1) says so with this status, unless it had to use SIGKILL. */
export const timeoutStatus = 124;

/** The text for the login shell of the other side. It runs the command as a process group that can't outlive its time. */
export function remoteScript({ argv, cwd, env = {}, timeout }: RemoteCommand): string {
  const variables = Object.entries({ LC_ALL: "C.UTF-8", ...env }).map(([name, value]) => `${name}=${value}`);
  const command = shellCommand(["timeout", "--kill-after=2", String(timeout), "env", ...variables, ...argv]);
  const where = cwd === undefined ? "" : `cd ${shellQuote(cwd)} && `;
  const script = `printf '${beginMark}' >&2; (${where}exec ${command}); s=$?; printf '<<zcloud end %d>>' "$s" >&2; exit "$s"`;
  return shellCommand(["sh", "-c", script]);
}

export interface RemoteOutcome {
  /** The other side's shell had begun. */
  readonly begun: boolean;
  /** Of the command; undefined if the connection ended before it did. */
  readonly status: number | undefined;
  /** Without the marks. Before the begin mark it is ssh that speaks. */
  readonly stderr: string;
}

/** Reads the marks back. */
export function parseRemote(stderr: string): RemoteOutcome {
  const end = endMark.exec(stderr);
  return {
    begun: stderr.includes(beginMark),
    status: end?.[1] === undefined ? undefined : Number(end[1]),
    stderr: stderr.replace(beginMark, "").replace(endMark, ""),
  };
}

/**
 * sh script that writes standard input to a file as LocalHost does: temporary file beside it, mode and owner first,
 * fsync, rename, fsync of the directory. The size is checked: a connection that breaks ends standard input too.
 */
export const writeScript = `set -eu
umask 022
path=$1 mode=$2 owner=$3 size=$4
directory=$(dirname -- "$path")
mkdir -p -- "$directory"
umask 077
temporary=$(mktemp -- "$directory/.$(basename -- "$path").XXXXXXXX.tmp")
trap 'rm -f -- "$temporary"' EXIT
trap 'exit 1' HUP INT PIPE TERM
[ -z "$owner" ] || chown -- "$owner" "$temporary"
chmod -- "$mode" "$temporary"
cat >"$temporary"
got=$(stat -c %s -- "$temporary")
[ "$got" = "$size" ] || { echo "only $got of $size bytes arrived" >&2; exit 1; }
sync -- "$temporary"
mv -fT -- "$temporary" "$path"
trap - EXIT
sync -- "$directory"
`;
