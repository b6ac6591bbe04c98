import type { Operator } from "@zcloud/map";
import { type Action, changedLines, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";
import { renderOperators } from "./render.ts";

export interface SshdDesired {
  readonly config: string;
  /** Who may log in; undefined: not ours to say (a zcloud). */
  readonly operators: readonly Operator[] | undefined;
  readonly operatorsPath: string;
}

export interface SshdObserved {
  /** The text in force; undefined if there is none, or nobody knows (applyConfig). */
  readonly config: string | undefined;
  /** The operators' file, if it is there. */
  readonly files: FileSet;
  /** Who may sign maps here: lines of an allowed_signers file. */
  readonly signers: string;
  readonly running: boolean;
  /** As `sshd -T` says; undefined if it can't. */
  readonly effective: string | undefined;
}

export interface StartSshd extends Action {
  readonly kind: "start";
}
export interface WriteOperators extends Action {
  readonly kind: "write-operators";
  readonly file: FileAction;
}
export interface RefuseOperators extends Action {
  readonly kind: "refuse";
}
export interface ConfigureSshd extends Action {
  readonly kind: "configure";
  readonly text: string;
}
export type SshdAction = StartSshd | WriteOperators | RefuseOperators | ConfigureSshd;

/** Its check wants what only a running sshd has, keys are there before the text that makes them the only ones. */
export function planSshd(desired: SshdDesired, observed: SshdObserved): readonly SshdAction[] {
  const start: readonly StartSshd[] = observed.running
    ? []
    : [{ kind: "start", change: "+", subject: "ssh", summary: "start, and at every boot" }];
  const complaint = lockOut(desired, observed);
  if (complaint !== undefined) {
    return [...start, { kind: "refuse", change: "~", subject: "operators", summary: complaint }];
  }
  return [...start, ...operatorsFile(desired, observed), ...configuration(desired, observed)];
}

/** Why these operators would lock everybody out. The last good ones stay, and sshd as it is. */
export function lockOut({ operators, operatorsPath }: SshdDesired, observed: SshdObserved): string | undefined {
  if (operators === undefined) return undefined;
  if (operators.length === 0) return "the map has no operator; who may log in stays as it is";
  const now = keysIn(`${observed.files.get(operatorsPath)?.content ?? ""}\n${observed.signers}`);
  if (now.size === 0 || operators.some(({ key }) => now.has(key))) return undefined;
  return "no operator of the map may log in or sign here now: all at once are not exchanged; keep one, and remove him with the next map";
}

/** Keys of authorized_keys or allowed_signers, without what stands before and behind them. */
function keysIn(text: string): ReadonlySet<string> {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return new Set(lines.flatMap((line) => /\b(?:sk-)?(?:ssh|ecdsa)-\S+ AAAA\S+/.exec(line)?.[0] ?? []));
}

function operatorsFile({ operators, operatorsPath }: SshdDesired, { files }: SshdObserved): readonly WriteOperators[] {
  if (operators === undefined) return [];
  const wanted = new Map([[operatorsPath, { content: renderOperators(operators), mode: 0o644 }]]);
  return planFiles(wanted, files).map((file) => ({ ...file, kind: "write-operators", file }));
}

function configuration({ config }: SshdDesired, observed: SshdObserved): readonly ConfigureSshd[] {
  if (observed.config === config) return [];
  const change = observed.config === undefined ? "+" : "~";
  const summary = changedLines(observed.config ?? "", config);
  return [{ kind: "configure", change, subject: "sshd_config", summary, text: config }];
}

/** What sshd does otherwise than `config` says, because another file speaks first: `passwordauthentication yes`. */
export function overridden(config: string, effective: string | undefined): readonly string[] {
  if (effective === undefined) return [];
  const does = new Map<string, string>();
  for (const line of effective.split("\n")) {
    const [keyword = "", ...values] = line.trim().split(" ");
    if (!does.has(keyword)) does.set(keyword, values.join(" "));
  }
  return config.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    const [keyword = "", ...values] = line.split(" ");
    const says = does.get(keyword.toLowerCase());
    if (says === undefined || same(says, values.join(" "))) return [];
    return [`${keyword.toLowerCase()} ${says}`];
  });
}

/** `sshd -T` has its own words for some values. */
function same(says: string, wanted: string): boolean {
  const words = (text: string) => text.toLowerCase().replace("prohibit-password", "without-password");
  return words(says) === words(wanted);
}
