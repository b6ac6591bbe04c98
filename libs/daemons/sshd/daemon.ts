import {
  ApplyConfigError,
  applyConfig,
  applyFile,
  commandSaid,
  type Host,
  observeConfig,
  observeFiles,
} from "@zcloud/host";
import { type Clock, pause, type Reconciler, systemClock, TerminalError } from "@zcloud/reconcile";
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
}

export interface Sshd extends Reconciler<SshdDesired, SshdObserved, SshdAction> {
  /** As of the last look: settings of ours that another file speaks before. */
  overridden(): readonly string[];
  /** As of the last look: milliseconds since the epoch at which the host's certificate ends; undefined: it has none. */
  certificateEnd(): number | undefined;
}

/** Milliseconds until sshd must answer after a reload. */
const answerTime = 5_000;

/** Keeps sshd as the map says, without ever shutting the last operator out. */
export function createSshd({
  host,
  places = sshdPlaces,
  verbs = systemdVerbs,
  clock = systemClock,
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
        return must(verbs.start, signal);
      case "refuse":
        throw new TerminalError(`change who may log in: ${action.summary}`);
      case "write-operators":
        return applyFile(host, action.file);
      case "configure":
        return applyConfig(
          host,
          {
            path: places.config,
            text: action.text,
            check: verbs.check,
            reload: (stop) => must(verbs.reload, stop),
            probe,
          },
          signal,
        );
    }
  }

  /** A client that knows nothing of the hosts gets through the key exchange, to the key of this one. */
  async function probe(signal: AbortSignal): Promise<void> {
    const key = ((await host.read(places.hostKey)) ?? "").split(/\s+/)[1] ?? "no key";
    const until = clock.now() + answerTime;
    for (;;) {
      const { stdout, stderr } = await host.run(verbs.ask, { signal });
      if (stdout.includes(key)) return;
      if (clock.now() >= until) {
        const said = commandSaid({ stdout, stderr });
        throw new ApplyConfigError("DEGRADED", `reload sshd: it does not answer: ${said}`, said);
      }
      // Seldom: sshd itself shuts out who comes too often without a key (PerSourcePenalties).
      await pause(clock, 500, signal);
    }
  }

  async function must(argv: readonly string[], signal: AbortSignal): Promise<void> {
    const result = await host.run(argv, { signal });
    if (result.status === 0) return;
    const said = commandSaid(result);
    throw new ApplyConfigError("DEGRADED", `run ${argv.slice(0, 3).join(" ")}: exit ${result.status}: ${said}`, said);
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
