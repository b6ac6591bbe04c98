import { commandSaid, type Host } from "@zcloud/host";

/** A file of the journal that is not written to any more. */
export interface Archive {
  readonly path: string;
  /** Of its first line, milliseconds since the epoch. */
  readonly from: number;
  readonly bytes: number;
}

export interface Room {
  /** Files that have nothing but lines after this time, and debug lines among them; the oldest first. */
  withDebug(after: number, signal: AbortSignal): Promise<readonly Archive[]>;
  /** Makes one file of these, without their debug lines; how many they were. Leaves them alone where it can't tell what is one. */
  strip(archives: readonly Archive[], signal: AbortSignal): Promise<number>;
  /** What the journal takes on the disk. */
  bytes(signal: AbortSignal): Promise<number>;
}

export interface RoomOptions {
  readonly host: Host;
  /** The journal's, with a directory for each machine. */
  readonly directory?: string;
}

/**
 * Leaves debug lines out of the Journal Export Format (systemd.io/JOURNAL_EXPORT_FORMATS), and says on standard error how many
 * it left out and how many it let through. journalctl's own filter would leave out lines without a level, too.
 */
const filter = `
let rest = Buffer.alloc(0), entry = [], out = [], size = 0, debug = false, dropped = 0, kept = 0;
const level = Buffer.from("PRIORITY=7");
const end = () => {
  if (entry.length === 0) return;
  if (debug) dropped += 1;
  else { kept += 1; out.push(...entry, Buffer.from("\\n")); }
  entry = [];
  debug = false;
};
const write = () => {
  const some = Buffer.concat(out);
  out = [];
  return some.length === 0 || process.stdout.write(some) ? undefined : new Promise((go) => process.stdout.once("drain", go));
};
for await (const chunk of process.stdin) {
  rest = Buffer.concat([rest, chunk]);
  let at = 0;
  for (;;) {
    const stop = rest.indexOf(10, at);
    if (stop === -1) break;
    const line = rest.subarray(at, stop);
    let next = stop + 1;
    if (line.length === 0) end();
    else {
      if (!line.includes(61)) {
        if (rest.length < next + 8) break;
        next += 8 + Number(rest.readBigUInt64LE(next)) + 1;
        if (rest.length < next) break;
      }
      if (line.equals(level)) debug = true;
      entry.push(rest.subarray(at, next));
    }
    at = next;
  }
  rest = Buffer.from(rest.subarray(at));
  entry = entry.map((field) => Buffer.from(field));
  await write();
}
end();
await write();
process.stderr.write(dropped + " " + kept);
`;

/**
 * The files' lines but for debug ones, with all their fields, times and boots, in a new file, which takes the first one's place
 * at once. Where not all of them got there, the files stay.
 */
const script = `set -eu
PATH=$PATH:/usr/lib/systemd
filter=$1 new=$2
shift 2
first=$1
mkdir -p "\${new%/*}"
rm -f "$new"
# The names are journald's own: hexadecimal.
files=$(printf -- ' --file=%s' "$@")
journalctl --quiet $files --output=export | node --input-type=module --eval "$filter" 2>"$new.count" |
  systemd-journal-remote --split-mode=none --output="$new" - >/dev/null 2>&1 || true
read -r debug kept <"$new.count" || true
there=0
test ! -s "$new" || there=$(journalctl --quiet --header --file="$new" | sed -n 's/^Entry objects: //p')
test "$there" -eq "$kept" || { rm -f "$new"; echo 0; exit 0; }
if [ "$kept" -gt 0 ]; then
  # It is made for 128 MiB, most of which is never written.
  fallocate --dig-holes "$new"
  chown --reference="$first" "$new"
  chmod --reference="$first" "$new"
  mv "$new" "$first"
  shift
fi
rm -f "$new" "$@"
echo "$debug"
`;

/** Bytes of files that become one, at most: less than what journald's own tool gives one. */
const most = 96 * 2 ** 20;

/** In order, those that are made one file: of so many bytes together, each at least by itself. */
export function batches(archives: readonly Archive[], bytes: number): readonly (readonly Archive[])[] {
  const groups: Archive[][] = [];
  let room = 0;
  for (const archive of archives) {
    if (archive.bytes > room || groups.length === 0) {
      groups.push([]);
      room = Math.min(most, bytes);
    }
    groups.at(-1)?.push(archive);
    room -= archive.bytes;
  }
  return groups;
}

/** Makes room in a full journal whose lines wait: journald itself pushes out the oldest of any level. */
export function createRoom({ host, directory = "/var/log/journal" }: RoomOptions): Room {
  // Beside the machines' directories, whose names are their ids: nobody reads what is made here.
  const work = `${directory}/zcloud-room/room.journal`;

  async function hasDebug(path: string, signal: AbortSignal): Promise<boolean> {
    const only = ["--priority=debug..debug", "--lines=1", "--output=cat", "--show-cursor"];
    const { stdout } = await host.run(["journalctl", "--quiet", "--no-pager", `--file=${path}`, ...only], { signal });
    return stdout.includes("-- cursor: ");
  }

  return {
    async withDebug(after, signal) {
      const archives: Archive[] = [];
      for (const machine of await host.list(directory))
        for (const name of await host.list(`${directory}/${machine}`)) {
          const from = firstOf(name);
          const path = `${directory}/${machine}/${name}`;
          const stat = from === undefined || from <= after ? undefined : await host.stat(path);
          if (from !== undefined && stat !== undefined) archives.push({ path, from, bytes: stat.size });
        }
      archives.sort((a, b) => a.from - b.from);
      const found: Archive[] = [];
      for (const archive of archives) if (await hasDebug(archive.path, signal)) found.push(archive);
      return found;
    },
    async strip(archives, signal) {
      const paths = archives.map(({ path }) => path);
      const argv = ["nice", "-n", "10", "sh", "-c", script, "sh", filter, work, ...paths];
      const result = await host.run(argv, { signal, timeout: 10 * 60_000 });
      if (result.status !== 0) throw new Error(`take debug lines out of ${paths[0]}: ${commandSaid(result)}`);
      return Number(result.stdout.trim());
    },
    async bytes(signal) {
      const { stdout } = await host.run(["du", "--summarize", "--block-size=1", directory], { signal });
      return Number.parseInt(stdout, 10) || 0;
    },
  };
}

/** Milliseconds at which an archived file begins: `system@ID-LINE-TIME.journal`, TIME in microseconds, hexadecimal. */
function firstOf(name: string): number | undefined {
  const [, at = ""] = /^[^@]+@[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{16})\.journal$/.exec(name) ?? [];
  return at === "" ? undefined : Math.floor(Number.parseInt(at, 16) / 1_000);
}
