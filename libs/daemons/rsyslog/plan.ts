import { type Action, changedLines, type FileAction, type FileSet, type FileSpec, planFiles } from "@zcloud/reconcile";

/** One rsyslogd as it should be. */
export interface RsyslogDesired {
  readonly config: string;
  /** Its unit and what that runs, by path. */
  readonly unitFiles: FileSet;
  /** Addresses and TCP ports at which it must listen. */
  readonly listens: readonly string[];
  /** Bytes that its disk must have free for it to run; what it takes in and can't write would be lost. */
  readonly needs?: number;
}

export interface RsyslogObserved {
  /** Bytes of its disk; undefined where nobody asked. */
  readonly free?: number | undefined;
  /** Of the certificates, which rsyslogd reads at its start only. */
  readonly identity: string;
  /** The text in force; undefined if there is none, or nobody knows (applyConfig). */
  readonly config: FileSpec | undefined;
  readonly unitFiles: FileSet;
  readonly running: boolean;
  readonly enabled: boolean;
  /** Addresses and ports of this host at which anybody listens. */
  readonly listening: ReadonlySet<string>;
}

export interface WriteUnit extends Action {
  readonly kind: "write-unit";
  readonly files: readonly FileAction[];
}

export interface Configure extends Action {
  readonly kind: "configure";
  readonly text: string;
  readonly listens: readonly string[];
}

export interface Run extends Action {
  readonly kind: "start" | "restart";
  readonly listens: readonly string[];
}

export interface Stop extends Action {
  readonly kind: "stop";
}

export type RsyslogAction = WriteUnit | Configure | Run | Stop;

/** Unit first, then the configuration, which is checked and then made to run; else a start where it does not do its work. */
export function planRsyslog(
  name: string,
  { config: rendered, unitFiles, listens, needs = 0 }: RsyslogDesired,
  observed: RsyslogObserved,
): readonly RsyslogAction[] {
  const config = `# With certificates ${observed.identity}.\n${rendered}`;
  const units = planFiles(unitFiles, observed.unitFiles).map(
    (action): WriteUnit => ({ ...action, kind: "write-unit", files: [action] }),
  );
  if (observed.free !== undefined && observed.free < needs) {
    const summary = "its disk is full; the senders keep their lines meanwhile";
    return observed.running ? [{ kind: "stop", change: "~", subject: name, summary }] : [];
  }
  return [...units, ...runPlan()];

  function runPlan(): readonly RsyslogAction[] {
    if (observed.config?.content !== config) return [configure()];
    if (!observed.running || !observed.enabled) return [run("start", "start, and at every boot")];
    if (units.length > 0) return [run("restart", "use its unit")];
    const deaf = listens.filter((at) => !observed.listening.has(at));
    return deaf.length === 0 ? [] : [run("restart", `it does not listen at ${deaf.join(", ")}`)];
  }

  function configure(): Configure {
    const before = observed.config?.content;
    const [action] = planFiles(new Map([[name, { content: config, mode: 0o644 }]]), new Map());
    return {
      kind: "configure",
      change: before === undefined ? "+" : "~",
      subject: `${name}.conf`,
      summary: changedLines(before ?? "", config),
      text: config,
      listens,
      ...(before !== undefined || action?.detail === undefined ? {} : { detail: action.detail }),
    };
  }

  function run(kind: Run["kind"], summary: string): Run {
    return { kind, change: kind === "start" ? "+" : "~", subject: name, summary, listens };
  }
}

/** FNV-1a, hexadecimal: tells one certificate from the next. */
export function fingerprintOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** `10.64.1.2:6517` of every IPv4 socket that listens; `text` is /proc/net/tcp (proc(5)): hexadecimal, address in host order. */
export function listeningSockets(text: string): ReadonlySet<string> {
  const sockets = text.split("\n").flatMap((line) => {
    const [, address = "", port = ""] = /^\s*\d+: ([0-9A-F]{8}):([0-9A-F]{4}) \S+ 0A /.exec(line) ?? [];
    if (address === "") return [];
    const octets = [6, 4, 2, 0].map((at) => Number.parseInt(address.slice(at, at + 2), 16));
    return [`${octets.join(".")}:${Number.parseInt(port, 16)}`];
  });
  return new Set(sockets);
}
