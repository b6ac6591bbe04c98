import {
  applyConfig,
  applyFile,
  candidateOf,
  commandSaid,
  type Host,
  lastGoodOf,
  mustRun,
  observeConfig,
  observeFiles,
  untilUp,
} from "@zcloud/host";
import { type Clock, type Reconciler, systemClock, TerminalError } from "@zcloud/reconcile";
import { parseHostCertificate } from "./host-certificate.ts";
import { overridden, planSshd, type SshdAction, type SshdDesired, type SshdObserved } from "./plan.ts";
import { type SshdPlaces, sshdPlaces } from "./render.ts";

/** How sshd is handled from outside. Tests run it without systemd. */
export interface SshdVerbs {
  check(path: string): readonly string[];
  readonly running: readonly string[];
  readonly start: readonly string[];
  readonly reload: readonly string[];
  /** Prints what it does for root. */
  readonly effective: readonly string[];
  /** Prints its host key, after a key exchange with it. */
  readonly ask: readonly string[];
}

const systemdVerbs: SshdVerbs = {
  check: (path) => ["/usr/sbin/sshd", "-t", "-f", path],
  running: ["systemctl", "is-active", "--quiet", "ssh.service"],
  start: ["systemctl", "enable", "--now", "ssh.service"],
  // Sessions go on; a text that sshd does not take as a whole fails here, before it is told.
  reload: ["systemctl", "reload", "ssh.service"],
  effective: ["/usr/sbin/sshd", "-T", "-C", "user=root,host=operator,addr=192.0.2.1"],
  ask: ["ssh-keyscan", "-T", "5", "-t", "ed25519", "127.0.0.1"],
};

export interface SshdOptions {
  readonly host: Host;
  readonly places?: SshdPlaces;
  readonly verbs?: SshdVerbs;
  readonly clock?: Clock;
  /**
   * Where the way in is the only one (a zcloud): throws if nobody gets in any more. Before sshd takes another text, a timer
   * on the host is set which brings the last good one back, should whoever changes it be out himself.
   */
  readonly proof?: () => Promise<void>;
}

export interface Sshd extends Reconciler<SshdDesired, SshdObserved, SshdAction> {
  /** As of the last look: settings of ours that another file speaks before. */
  overridden(): readonly string[];
  /** As of the last look: milliseconds since the epoch at which the host's certificate ends; undefined: it has none. */
  certificateEnd(): number | undefined;
}

const undoUnit = "zcloud-sshd-undo";
/** Seconds after which a change that nobody finished is undone. */
const undoAfter = 60;

/** Brings the last good text back while the candidate is there, which tells of a change that is not proved (applyConfig). */
function undoTimer(config: string, reload: readonly string[]): readonly string[] {
  const [good, candidate] = [lastGoodOf(config), candidateOf(config)];
  const script = `[ -e "$1" ] || exit 0
if [ -e "$2" ]; then mv -f "$2" "$3"; else rm -f "$3"; fi
shift 3; exec "$@"`;
  const timer = ["--quiet", "--collect", `--unit=${undoUnit}`, `--on-active=${undoAfter}`];
  return ["systemd-run", ...timer, "sh", "-c", script, "sh", candidate, good, config, ...reload];
}

/** Milliseconds until sshd must answer after a reload. */
const answerTime = 5_000;

/** Keeps sshd as the map says, without ever shutting the last operator out. */
export function createSshd({
  host,
  places = sshdPlaces,
  verbs = systemdVerbs,
  clock = systemClock,
  proof,
}: SshdOptions): Sshd {
  let others: readonly string[] = [];
  let end: number | undefined;

  async function observe(signal: AbortSignal): Promise<SshdObserved> {
    const config = (await observeConfig(host, places.config))?.content;
    const said = await host.run(verbs.effective, { signal });
    const effective = said.status === 0 ? said.stdout : undefined;
    others = config === undefined ? [] : overridden(config, effective);
    end = parseHostCertificate((await host.read(places.certificate)) ?? "")?.until;
    return {
      config,
      files: await observeFiles(host, [places.operators]),
      signers: (await host.read(places.signers)) ?? "",
      running: (await host.run(verbs.running, { signal })).status === 0,
      effective,
    };
  }

  async function apply(action: SshdAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "start":
        await mustRun(host, verbs.start, signal);
        return;
      case "refuse":
        throw new TerminalError(`change who may log in: ${action.summary}`);
      case "write-operators":
        return applyFile(host, action.file);
      case "configure":
        return configure(action.text, signal);
    }
  }

  async function configure(text: string, signal: AbortSignal): Promise<void> {
    if (proof !== undefined) {
      await host.run(["systemctl", "stop", `${undoUnit}.timer`], { signal });
      await mustRun(host, undoTimer(places.config, verbs.reload), signal);
    }
    const reload = async (stop: AbortSignal) => void (await mustRun(host, verbs.reload, stop));
    await applyConfig(host, { path: places.config, text, check: verbs.check, reload, probe }, signal);
    if (proof !== undefined) await mustRun(host, ["systemctl", "stop", `${undoUnit}.timer`], signal);
  }

  /** A client that knows nothing of the hosts gets through the key exchange, to the key of this one. */
  async function probe(signal: AbortSignal): Promise<void> {
    const key = ((await host.read(places.hostKey)) ?? "").split(/\s+/)[1] ?? "no key";
    const look = async (): Promise<string | undefined> => {
      const answer = await host.run(verbs.ask, { signal });
      return answer.stdout.includes(key) ? undefined : `it does not answer (${commandSaid(answer)})`;
    };
    // Seldom: sshd itself shuts out who comes too often without a key (PerSourcePenalties).
    await untilUp(clock, { doing: "reload sshd", unit: "ssh", within: answerTime, every: 500, look }, signal);
    await proof?.();
  }

  return {
    name: "sshd",
    observe,
    plan: planSshd,
    apply,
    overridden: () => others,
    certificateEnd: () => end,
  };
}
