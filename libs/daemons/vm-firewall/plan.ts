import { type Action, changedLines, diffLines, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";
import { carriedFingerprint } from "../nftables/fingerprint.ts";
import type { Door } from "./flows.ts";

export interface FirewallDesired {
  /** For `nft -f`. */
  readonly rules: string;
  /** Rule that must be in force, as nft lists it: the operators' way in. */
  readonly operators: string;
  /** If it answered before a change, it must after. */
  readonly bus: Door | undefined;
  /** The unit that loads the rules at boot, by path. */
  readonly unitFiles: FileSet;
}

export interface FirewallObserved {
  /** The text on disk that was in force; undefined if there is none, or nobody knows (applyConfig). */
  readonly rules: string | undefined;
  /** Fingerprint that the loaded table carries; undefined if our table is not there. */
  readonly loaded: string | undefined;
  /** The table lists as it did when it was loaded; undefined if nobody wrote that down. */
  readonly asLoaded: boolean | undefined;
  readonly unitFiles: FileSet;
  /** The rules are loaded at boot. */
  readonly enabled: boolean;
}

export interface WriteFirewallUnit extends Action {
  readonly kind: "write-unit";
  readonly file: FileAction;
}

export interface ChangeRules extends Action {
  readonly kind: "configure" | "load";
  readonly rules: string;
  readonly operators: string;
  readonly bus: Door | undefined;
}

export interface EnableFirewall extends Action {
  readonly kind: "enable";
}

export type FirewallAction = WriteFirewallUnit | ChangeRules | EnableFirewall;

/** The rules in force come first, then what the next boot does. */
export function planFirewall(desired: FirewallDesired, observed: FirewallObserved): readonly FirewallAction[] {
  const units = planFiles(desired.unitFiles, observed.unitFiles).map((file): WriteFirewallUnit => {
    return { ...file, kind: "write-unit", file };
  });
  const enable: readonly EnableFirewall[] = observed.enabled
    ? []
    : [{ kind: "enable", change: "+", subject: "firewall", summary: "loaded at boot, before the network" }];
  return [...planRules(desired, observed), ...units, ...enable];
}

function planRules({ rules, operators, bus }: FirewallDesired, observed: FirewallObserved): readonly ChangeRules[] {
  const base = { subject: "rules.nft", rules, operators, bus } as const;
  if (observed.rules !== rules) {
    const before = observed.rules ?? "";
    const change = observed.rules === undefined ? "+" : "~";
    const detail = diffLines(before, rules).unified;
    return [{ ...base, kind: "configure", change, summary: changedLines(before, rules), detail }];
  }
  const load = (change: "+" | "~", summary: string): readonly ChangeRules[] => [
    { ...base, kind: "load", change, summary },
  ];
  if (observed.loaded === undefined) return load("+", "load: no firewall is in force");
  if (observed.loaded !== carriedFingerprint(rules)) return load("~", "load: another one is in force");
  if (observed.asLoaded === undefined) return load("~", "load: nobody knows whether it was changed by hand");
  return observed.asLoaded ? [] : load("~", "load again: it was changed by hand");
}
