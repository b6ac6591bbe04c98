import type { Host } from "@zcloud/host";
import type { FileSet, FileSpec } from "@zcloud/reconcile";

/** File systems count time in steps: a file that changed this shortly before it was read may change again unseen. */
const settled = 2_000;

interface Known {
  readonly stamp: string | undefined;
  readonly spec: FileSpec;
}

type Stat = NonNullable<Awaited<ReturnType<Host["stat"]>>>;

const stampOf = ({ mtime, size, mode }: Stat): string => `${mtime} ${size} ${mode}`;

export interface WatchedFiles {
  /** Those of these files that exist; the very same object as long as the file is. Files are told by time and size. */
  look(now: number): Promise<FileSet>;
  /** What stands in the file is this text: a second copy of some megabytes need not be kept. */
  share(path: string, content: string): void;
  /** It was just written: it need not be read to know what is in it. */
  wrote(path: string, spec: FileSpec): Promise<void>;
}

/** Files of ours that are looked at again and again, and read only after they changed. */
export function watchedFiles(host: Host, paths: readonly string[]): WatchedFiles {
  const known = new Map<string, Known>();

  async function look(path: string, now: number): Promise<FileSpec | undefined> {
    const stat = await host.stat(path);
    if (stat?.kind !== "file") return undefined;
    const before = known.get(path);
    const seen = stampOf(stat);
    if (before?.stamp !== undefined && before.stamp === seen) return before.spec;
    const stamp = Math.abs(now - stat.mtime) < settled ? undefined : seen;
    const content = await host.read(path);
    if (content === undefined) return undefined;
    const same = before?.spec.content === content && before.spec.mode === stat.mode;
    const spec = same ? before.spec : { content, mode: stat.mode };
    known.set(path, { stamp, spec });
    return spec;
  }

  return {
    async look(now) {
      const files = new Map<string, FileSpec>();
      for (const path of paths) {
        const spec = await look(path, now);
        if (spec === undefined) known.delete(path);
        else files.set(path, spec);
      }
      return files;
    },
    async wrote(path, spec) {
      const stat = await host.stat(path);
      if (stat?.kind === "file") known.set(path, { stamp: stampOf(stat), spec });
    },
    share(path, content) {
      const was = known.get(path);
      if (was?.spec.content === content) known.set(path, { ...was, spec: { ...was.spec, content } });
    },
  };
}
