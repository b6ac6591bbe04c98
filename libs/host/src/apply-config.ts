import type { FileSpec } from "@zcloud/reconcile";
import { ApplyConfigError, commandSaid } from "./errors.ts";
import { observeFiles } from "./files.ts";
import type { Host } from "./host.ts";

export interface ApplyConfig {
  readonly path: string;
  readonly text: string;
  /** 0o644 by default. */
  readonly mode?: number;
  readonly owner?: string;
  /** Command line of the daemon's own check of a candidate: `(path) => ["haproxy", "-c", "-f", path]`. */
  check(candidate: string): readonly string[];
  /** Makes the daemon use what is at `path` now; throws, saying what the daemon said, if it won't. */
  reload(signal: AbortSignal): Promise<void>;
  /** Throws if the daemon doesn't do its work with it. */
  probe?(signal: AbortSignal): Promise<void>;
}

/**
 * Beside the file, so that relative includes resolve and the rename is atomic. It is there from before the check until
 * the daemon has proved itself: one that is found tells of an apply that a crash cut short.
 */
export const candidateOf = (path: string): string => `${path}.candidate`;
/** What was in force before the present text, for people and for putting it back. */
export const lastGoodOf = (path: string): string => `${path}.last-good`;

/** The text in force; undefined if there is none, or if nobody knows whether the daemon took it. */
export async function observeConfig(host: Host, path: string): Promise<FileSpec | undefined> {
  if ((await host.stat(candidateOf(path))) !== undefined) return undefined;
  return (await observeFiles(host, [path])).get(path);
}

/**
 * Changes a daemon's configuration so that a bad one can't stay: the daemon's own check on a candidate, then rename,
 * reload, probe; if these fail, the last good text is put back and reloaded. Idempotent; safe to repeat after a crash
 * at any point, given that `observeConfig` is what observes. Throws ApplyConfigError with what the daemon said.
 */
export async function applyConfig(host: Host, config: ApplyConfig, signal: AbortSignal): Promise<void> {
  const { path, text } = config;
  const options = {
    ...(config.mode === undefined ? {} : { mode: config.mode }),
    ...(config.owner === undefined ? {} : { owner: config.owner }),
  };
  const candidate = candidateOf(path);
  const cutShort = (await host.stat(candidate)) !== undefined;
  await host.write(candidate, text, options);
  await check(host, config, candidate, cutShort, signal);
  const before = await host.read(path);
  // After a crash, nobody knows whether `before` was good; the last good text is still there.
  if (before !== undefined && before !== text && !cutShort) await host.write(lastGoodOf(path), before, options);
  await host.write(path, text, options);
  try {
    await config.reload(signal);
    await config.probe?.(signal);
  } catch (error) {
    const degraded = await restore(host, config, options, error);
    await host.remove(candidate);
    throw degraded;
  }
  await host.remove(candidate);
}

async function check(
  host: Host,
  config: ApplyConfig,
  candidate: string,
  cutShort: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { path } = config;
  const checked = await host.run(config.check(candidate), { signal });
  if (checked.status === 0) return;
  if (!cutShort) await host.remove(candidate);
  const said = commandSaid(checked).replaceAll(candidate, path);
  const message = `change ${path}: the daemon's check refused it, nothing was changed: ${said}`;
  throw new ApplyConfigError("CONFIG_REFUSED", message, said);
}

/** Puts back what was good; the error to throw says whether that worked. */
async function restore(
  host: Host,
  config: ApplyConfig,
  options: { mode?: number; owner?: string },
  cause: unknown,
): Promise<ApplyConfigError> {
  const { path } = config;
  const said = cause instanceof Error ? cause.message : String(cause);
  const failed = `change ${path}: the daemon did not take it (${said})`;
  const good = await host.read(lastGoodOf(path));
  if (good === undefined || good === config.text) {
    return new ApplyConfigError("DEGRADED", `${failed}; there is no last good text to put back`, said, { cause });
  }
  await host.write(path, good, options);
  try {
    // The stop or deadline that may have caused this must not keep the good text from coming back.
    await config.reload(AbortSignal.timeout(30_000));
  } catch (again) {
    const why = again instanceof Error ? again.message : String(again);
    return new ApplyConfigError(
      "DEGRADED",
      `${failed}; the last good text is back on disk, but its reload failed too (${why})`,
      said,
      { cause },
    );
  }
  return new ApplyConfigError("DEGRADED", `${failed}; the last good text is in force again`, said, { cause });
}
