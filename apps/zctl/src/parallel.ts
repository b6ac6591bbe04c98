import { UnreachableError } from "@zcloud/host";
import type { HostEntry, ZMap } from "@zcloud/map";
import { OutOfReachError, whyUnreachable } from "./agents.ts";
import type { Exit } from "./exit.ts";
import { machines } from "./installation.ts";
import { printable } from "./screen.ts";

/** A host that did not do its part. */
interface Lost {
  readonly entry: HostEntry;
  readonly kind: "unreachable" | "failed";
  readonly reason: string;
}

/** What one host's part of a command came to. */
export type Part<T> = { readonly entry: HostEntry; readonly kind: "ok"; readonly value: T } | Lost;

/** Does the same at every host at once; a host out of reach, or one that fails, never stops the others. */
export async function everywhere<T>(
  entries: readonly HostEntry[],
  signal: AbortSignal,
  work: (entry: HostEntry) => Promise<T>,
): Promise<readonly Part<T>[]> {
  return Promise.all(
    entries.map(async (entry): Promise<Part<T>> => {
      try {
        return { entry, kind: "ok", value: await work(entry) };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof UnreachableError || error instanceof OutOfReachError) {
          return { entry, kind: "unreachable", reason: whyUnreachable(error) };
        }
        return { entry, kind: "failed", reason: printable(error instanceof Error ? error.message : String(error)) };
      }
    }),
  );
}

/** The values of the hosts that did their part. */
export function done<T>(parts: readonly Part<T>[]): readonly { readonly entry: HostEntry; readonly value: T }[] {
  return parts.filter((part) => part.kind === "ok");
}

/** Hosts that did not, as an operator reads them: a whole site in one line. */
export function missing(
  parts: readonly Part<unknown>[],
  sites: readonly { readonly name: string; readonly hosts: readonly HostEntry[] }[],
): { readonly unreachable: readonly string[]; readonly failed: readonly string[] } {
  const without = (kind: Lost["kind"]): readonly Lost[] => parts.flatMap((part) => (part.kind === kind ? [part] : []));
  const wholeSites = sites.filter(({ name }) => {
    const here = parts.filter(({ entry }) => entry.site === name);
    return here.length > 1 && here.every(({ kind }) => kind === "unreachable");
  });
  const unreachable = wholeSites.map(({ name }) => `${name} is unreachable from here`);
  for (const { entry, reason } of without("unreachable")) {
    if (wholeSites.some(({ name }) => name === entry.site)) continue;
    unreachable.push(`${entry.id} is unreachable from here: ${reason}`);
  }
  const failed = without("failed").map(({ entry, reason }) => `${entry.id}: ${reason}`);
  return { unreachable, failed };
}

/** A failure weighs more than a host out of reach: the first needs somebody, the second may mend itself. */
export function exitOf(parts: readonly Part<unknown>[]): Exit {
  if (parts.some(({ kind }) => kind === "failed")) return "problem";
  return parts.some(({ kind }) => kind === "unreachable") ? "unreachable" : "ok";
}

/** As the map has its hosts: site by site, in the order of roles, then the witness. */
export function inMapOrder<T>(map: ZMap, parts: readonly Part<T>[]): readonly Part<T>[] {
  const order = machines(map).map(({ id }) => id);
  return [...parts].sort((a, b) => order.indexOf(a.entry.id) - order.indexOf(b.entry.id));
}
