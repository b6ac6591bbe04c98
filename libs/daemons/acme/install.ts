import type { Host } from "@zcloud/host";
import { checkIssued } from "./issued.ts";
import type { Proved } from "./proof.ts";

/**
 * The files of a certificate. The front loads NAME.pem alone. NAME.pem.new is there from the moment that it was issued
 * until it is proved; NAME.pem.previous while one that is not proved stands in its place.
 */
export function certificateFiles(directory: string, name: string) {
  const pem = `${directory}/${name}.pem`;
  return { pem, fresh: `${pem}.new`, previous: `${pem}.previous` };
}

export interface InstallOptions {
  readonly host: Pick<Host, "read" | "write" | "remove">;
  readonly directory: string;
  readonly name: string;
  readonly now: number;
  /** The certificates on disk have changed. */
  readonly changed: () => void;
  /** By the certificate's fingerprint and names. */
  readonly prove: (fingerprint: string, names: readonly string[]) => Promise<Proved>;
  /** Names that the certificate before was for, that the new one is not, and that are served all the same. */
  readonly left: (before: readonly string[], after: readonly string[]) => readonly string[];
}

export interface Proven {
  readonly kind: "proved";
  readonly names: readonly string[];
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
}

export type Installation =
  | Proven
  /** There is none, or it is no good any more: it was thrown away. */
  | { readonly kind: "none" }
  /** `back`: the one before is shown again; otherwise there was none before. */
  | { readonly kind: "unproved"; readonly reason: string; readonly back: boolean };

const secret = { mode: 0o600 } as const;

/**
 * Puts NAME.pem.new in place, and the one before back if the front door does not show it. Can be begun again after a power
 * cut at any step: each file is written whole, the one before is kept first, and what says that something is to be proved
 * goes last.
 */
export async function install(options: InstallOptions): Promise<Installation> {
  const { host, directory, name, now, changed } = options;
  const files = certificateFiles(directory, name);
  const fresh = await host.read(files.fresh);
  const checked = fresh === undefined ? undefined : checkIssued(fresh, [], now);
  if (fresh === undefined || checked?.ok !== true) {
    await host.remove(files.previous);
    await host.remove(files.fresh);
    return { kind: "none" };
  }
  const current = await host.read(files.pem);
  if (current !== fresh) {
    const before = current === undefined ? undefined : checkIssued(current, [], now);
    if (current !== undefined && before?.ok === true) {
      await host.write(files.previous, current, secret);
      // Names that the new one lacks go on with the old, under a name of theirs.
      const [heir] = options.left(before.names, checked.names);
      if (heir !== undefined) await host.write(certificateFiles(directory, heir).pem, current, secret);
    }
    await host.write(files.pem, fresh, secret);
    changed();
  }
  const proved = await options.prove(checked.fingerprint, checked.names);
  if (proved.ok) {
    await host.remove(files.previous);
    await host.remove(files.fresh);
    const { names, fingerprint, notBefore } = checked;
    return { kind: "proved", names, fingerprint, notBefore };
  }
  const previous = await host.read(files.previous);
  const back = previous !== undefined && checkIssued(previous, [], now).ok;
  if (previous !== undefined && back) {
    await host.write(files.pem, previous, secret);
    changed();
  }
  await host.remove(files.previous);
  return { kind: "unproved", reason: proved.reason, back };
}
