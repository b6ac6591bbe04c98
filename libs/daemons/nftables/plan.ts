import { type HostEntry, hostOf, type ZMap } from "@zcloud/map";
import { type Action, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";
import { carriedFingerprint } from "./fingerprint.ts";
import { renderNftables } from "./render.ts";
import { renderSysctls, zcloudSysctls } from "./sysctl.ts";

/** What the next boot reads. */
export const paths = {
  ruleset: "/etc/nftables.conf",
  sysctls: "/etc/sysctl.d/60-zcloud.conf",
  unit: "/etc/systemd/system/nftables.service.d/50-zcloud.conf",
} as const;
/** Debian's unit empties the whole ruleset when it stops; ours stays until another replaces it. */
const unitDropIn = "[Service]\nExecStop=\n";

export interface NftablesDesired {
  /** For `nft -f`. */
  readonly ruleset: string;
  readonly sysctls: ReadonlyMap<string, string>;
  readonly files: FileSet;
}

export interface NftablesObserved {
  /** Fingerprint that the loaded table carries; undefined if our table is not there. */
  readonly loaded: string | undefined;
  /** The table lists otherwise than it did when it was loaded: somebody changed it by hand. */
  readonly drifted: boolean;
  readonly sysctls: ReadonlyMap<string, string>;
  readonly files: FileSet;
  /** The ruleset is loaded at boot. */
  readonly enabled: boolean;
}

export interface LoadRuleset extends Action {
  readonly kind: "load-ruleset";
  readonly ruleset: string;
}
export interface SetSysctl extends Action {
  readonly kind: "set-sysctl";
  readonly value: string;
}
export interface EnableAtBoot extends Action {
  readonly kind: "enable-at-boot";
}
export type NftablesAction = LoadRuleset | SetSysctl | EnableAtBoot | FileAction;

/** This host is not a zcloud: its filter is not made here. */
export class NotAZcloudError extends Error {
  readonly code = "NOT_A_ZCLOUD";
}

/** @throws NotAZcloudError, NotInMapError */
export function desiredNftables(map: ZMap, hostId: string): NftablesDesired {
  const host: HostEntry = hostOf(map, hostId);
  if (host.role !== "zcloud")
    throw new NotAZcloudError(`render the firewall of ${hostId}: only a zcloud filters; ask for ${host.site}/zcloud`);
  const ruleset = renderNftables(map, host.site);
  const file = (content: string) => ({ content, mode: 0o644 });
  return {
    ruleset,
    sysctls: zcloudSysctls,
    files: new Map([
      [paths.ruleset, file(ruleset)],
      [paths.sysctls, file(renderSysctls(zcloudSysctls))],
      [paths.unit, file(unitDropIn)],
    ]),
  };
}

/** The running kernel first, then what the next boot reads: a ruleset that nft refuses never gets to the disk. */
export function planNftables(desired: NftablesDesired, observed: NftablesObserved): readonly NftablesAction[] {
  const files = planFiles(desired.files, observed.files);
  const load = planLoad(desired, observed, files);
  const sysctls = [...desired.sysctls].flatMap(([name, value]): readonly SetSysctl[] => {
    const now = observed.sysctls.get(name);
    if (now === value) return [];
    return [{ kind: "set-sysctl", change: "~", subject: name, summary: `${now ?? "not set"} -> ${value}`, value }];
  });
  const enable: readonly EnableAtBoot[] = observed.enabled
    ? []
    : [{ kind: "enable-at-boot", change: "+", subject: "nftables.service", summary: "loads the firewall at boot" }];
  return [...load, ...sysctls, ...files, ...enable];
}

function planLoad(
  desired: NftablesDesired,
  observed: NftablesObserved,
  files: readonly FileAction[],
): readonly LoadRuleset[] {
  const base = { kind: "load-ruleset", subject: "firewall", ruleset: desired.ruleset } as const;
  if (observed.loaded === undefined) return [{ ...base, change: "+", summary: "load: no firewall is in force" }];
  if (observed.loaded !== carriedFingerprint(desired.ruleset)) {
    const file = files.find((action) => action.kind === "write-file" && action.path === paths.ruleset);
    const detail = file?.detail === undefined ? {} : { detail: file.detail };
    return [{ ...base, change: "~", summary: file?.summary ?? "load the ruleset on disk", ...detail }];
  }
  return observed.drifted ? [{ ...base, change: "~", summary: "load again: it was changed by hand" }] : [];
}
