import { type Action, changedLines, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";
import { identityOf } from "../unbound/index.ts";
import type { ResolverPlaces } from "./places.ts";

export interface ResolverDesired {
  readonly config: string;
  /** Its unit, and root servers where it has its own; by path. */
  readonly files: FileSet;
  readonly resolvConf: string;
}

export interface ResolverObserved {
  /** Unit, root servers and resolv.conf, as far as they are there. */
  readonly files: FileSet;
  /** The text in force; undefined if there is none, or nobody knows (applyConfig). */
  readonly config: string | undefined;
  /** Identity of the configuration that the running server has; undefined when none answers. */
  readonly running: string | undefined;
  readonly enabled: boolean;
}

export interface WriteResolverFile extends Action {
  readonly kind: "write-unit" | "write-hints" | "use-resolver";
  readonly file: FileAction;
}

export interface ConfigureResolver extends Action {
  readonly kind: "configure";
  readonly text: string;
}

export interface RunResolver extends Action {
  readonly kind: "start" | "restart";
  /** Of the configuration that it must have then. */
  readonly identity: string;
}

export type ResolverAction = WriteResolverFile | ConfigureResolver | RunResolver;

/** The host asks its resolver only when that runs with its configuration: resolv.conf comes last. */
export function planResolver(
  { config, files, resolvConf }: ResolverDesired,
  observed: ResolverObserved,
  places: ResolverPlaces,
): readonly ResolverAction[] {
  const own = new Map([...observed.files].filter(([path]) => path !== places.resolvConf));
  const before = planFiles(files, own).map((file): WriteResolverFile => {
    return { ...file, kind: file.path === places.unitFile ? "write-unit" : "write-hints", file };
  });
  const wanted = new Map([[places.resolvConf, { content: resolvConf, mode: 0o644 }]]);
  const present = new Map([...observed.files].filter(([path]) => path === places.resolvConf));
  const use = planFiles(wanted, present).map((file): WriteResolverFile => ({ ...file, kind: "use-resolver", file }));
  return [...before, ...server(), ...use];

  function server(): readonly (ConfigureResolver | RunResolver)[] {
    const identity = identityOf(config) ?? "";
    if (observed.config !== config) {
      const change = observed.config === undefined ? "+" : "~";
      const summary = changedLines(observed.config ?? "", config);
      return [{ kind: "configure", change, subject: "resolver.conf", summary, text: config }];
    }
    if (observed.running === undefined || !observed.enabled)
      return [{ kind: "start", change: "+", subject: "resolver", summary: "start, and at every boot", identity }];
    if (observed.running !== identity || before.length > 0)
      return [{ kind: "restart", change: "~", subject: "resolver", summary: "use its configuration", identity }];
    return [];
  }
}
