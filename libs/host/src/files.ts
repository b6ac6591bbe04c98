import type { FileAction, FileSet, FileSpec } from "@zcloud/reconcile";
import type { Host } from "./host.ts";

/** The files of these paths that exist, for `planFiles`. Other things than regular files count as missing. */
export async function observeFiles(host: Host, paths: Iterable<string>): Promise<FileSet> {
  const observed = new Map<string, FileSpec>();
  for (const path of paths) {
    const stat = await host.stat(path);
    if (stat?.kind !== "file") continue;
    const content = await host.read(path);
    if (content !== undefined) {
      const { mode, owner } = stat;
      observed.set(path, { content, mode, ...(owner === undefined ? {} : { owner }) });
    }
  }
  return observed;
}

/** Carries out one action of `planFiles`. */
export async function applyFile(host: Host, action: FileAction): Promise<void> {
  if (action.kind === "remove-file") return host.remove(action.path);
  const { content, mode, owner } = action.spec;
  await host.write(action.path, content, { mode, ...(owner === undefined ? {} : { owner }) });
}
