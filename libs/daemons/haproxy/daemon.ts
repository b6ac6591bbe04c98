import { ApplyConfigError, applyFile, commandSaid, type Host, mustRun, untilUp } from "@zcloud/host";
import { type Clock, type Reconciler, systemClock, type WriteFile } from "@zcloud/reconcile";
import type { CertificateStep } from "./certificates.ts";
import { certificateReader } from "./disk-certificates.ts";
import type { DriftKind } from "./drift.ts";
import { RuntimeApiError } from "./errors.ts";
import { certificateWatch } from "./loaded-certificates.ts";
import { mapNames, mapPath } from "./maps.ts";
import { runningWatch } from "./observe.ts";
import { parseInfo } from "./parse.ts";
import { type DesiredFront, type FrontAction, frontPlanner, type ObservedFront } from "./plan.ts";
import { createRuntime, type Runtime } from "./runtime.ts";
import type { FrontPaths } from "./settings.ts";
import { slotsFile } from "./slots-file.ts";
import { batches, type Step } from "./steps.ts";
import { dropInPath } from "./unit.ts";
import { watchedFiles } from "./watched-files.ts";

/** How HAProxy is handled from outside. Tests run it without systemd. */
export interface HaproxyControl {
  /** Checks the configuration at this path. */
  check(path: string): readonly string[];
  /** Starts it now and at every boot. */
  readonly start: readonly string[];
  /** Path that exists when it starts at boot; undefined: nothing does that (tests). */
  readonly enabled: string | undefined;
  /** After a change of unit files. */
  readonly unitChanged: readonly string[];
}

export const systemdControl: HaproxyControl = {
  check: (path) => ["haproxy", "-c", "-f", path],
  start: ["systemctl", "enable", "--now", "haproxy.service"],
  enabled: "/etc/systemd/system/multi-user.target.wants/haproxy.service",
  unitChanged: ["systemctl", "daemon-reload"],
};

export interface HaproxyOptions {
  readonly host: Host;
  readonly paths: FrontPaths;
  readonly control?: HaproxyControl;
  readonly clock?: Clock;
  /** After a certificate serves: its name. */
  readonly installed?: (name: string) => void;
  /** After something was repaired that nobody here had changed: what kinds of things, and whose. */
  readonly drifted?: (kinds: readonly DriftKind[], subject: string) => void;
}

/** Milliseconds until a started or reloaded HAProxy must have the new configuration. */
const startTime = 10_000;

export interface Haproxy extends Reconciler<DesiredFront, ObservedFront, FrontAction> {
  readonly runtime: Runtime;
  /** What the last pass saw; undefined before the first. */
  latest(): ObservedFront | undefined;
}

/** Keeps HAProxy serving the routes: files, certificates, servers and names; see planFront for the order. */
export function createHaproxy(options: HaproxyOptions): Haproxy {
  const { host, paths, control = systemdControl, clock = systemClock } = options;
  const runtime = createRuntime(paths.socket);
  const master = createRuntime(paths.master, startTime);
  const readCertificates = certificateReader(host, paths.certificates);
  const watched = watchedFiles(host, [
    ...mapNames.map((name) => mapPath(paths.maps, name)),
    ...[paths.slots, paths.crtList, paths.config, dropInPath],
  ]);
  const inputs = watchedFiles(host, [paths.ca, paths.certificate]);
  const loaded = certificateWatch(paths);
  const running = runningWatch(runtime, paths, loaded);
  const slots = slotsFile();
  const planFront = frontPlanner(watched.share, slots.text);
  let latest: ObservedFront | undefined;
  /** Something was changed since the look. */
  let touched = false;

  async function observe(): Promise<ObservedFront> {
    const now = clock.now();
    const found = await watched.look(now);
    const texts = await inputs.look(now);
    const certificates = await readCertificates(now);
    latest = {
      now,
      files: found,
      slots: slots.state(found.get(paths.slots)?.content, paths.slots),
      inputs: [paths.ca, paths.certificate].map((path) => texts.get(path)?.content ?? ""),
      certificates,
      placeholder: (await host.stat(paths.placeholder)) !== undefined,
      enabled: control.enabled === undefined || (await host.stat(control.enabled)) !== undefined,
      running: await running.look(certificates),
    };
    touched = false;
    return latest;
  }

  /** With thousands of routes a look takes most of a second, and a new one need not wait for it. */
  async function recall(): Promise<ObservedFront | undefined> {
    const seen = latest;
    if (touched || seen?.running === undefined) return undefined;
    const info = parseInfo(await runtime.send("show info"));
    const { pid, description } = seen.running;
    if (info.get("Pid") !== String(pid) || info.get("description") !== description) return undefined;
    const now = clock.now();
    return { ...seen, now, certificates: await readCertificates(now, "new") };
  }

  async function apply(action: FrontAction, signal: AbortSignal): Promise<void> {
    touched = true;
    await carryOut(action, signal);
    if (action.drift !== undefined) options.drifted?.(action.drift, action.subject);
  }

  async function carryOut(action: FrontAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "write-unit":
        for (const file of action.files) await applyFile(host, file);
        await mustRun(host, control.unitChanged, signal);
        return;
      case "make-placeholder":
        return makePlaceholder(signal);
      case "write-config":
        return writeConfig(action.files, action.check, signal);
      case "enable":
        await mustRun(host, control.start, signal);
        return;
      case "start":
        await mustRun(host, control.start, signal);
        return waitFor(action.description, signal);
      case "reload":
        return reload(action.description, signal);
      case "certificate":
        await runCertificate(action.path, action.steps);
        if (action.change !== "-") options.installed?.(action.subject);
        return;
      case "route":
        return runtime.exclusive(async (send) => {
          // What can't hurt one another is asked for at once: each answer waited for costs more than most of them.
          for (const steps of batches(action.steps)) {
            const answers = await Promise.all(steps.map(({ command }) => send(command)));
            for (const [index, { command, expect }] of steps.entries()) confirm(command, answers[index] ?? "", expect);
          }
        });
    }
  }

  /** What haproxy.cfg refers to comes before it; those files together, because each waits for the disk. */
  async function writeConfig(files: readonly WriteFile[], check: boolean, signal: AbortSignal): Promise<void> {
    const config = files.find(({ path }) => path === paths.config);
    const write = async (file: WriteFile): Promise<void> => {
      await applyFile(host, file);
      await watched.wrote(file.path, file.spec);
    };
    await Promise.all(files.map((file) => (file === config ? undefined : write(file))));
    if (config === undefined) return;
    if (check) {
      const candidate = `${paths.config}.candidate`;
      await host.write(candidate, config.spec.content);
      await checkConfig(candidate, signal);
      await host.remove(candidate);
    }
    await write(config);
  }

  async function checkConfig(path: string, signal: AbortSignal): Promise<void> {
    const result = await host.run(control.check(path), { signal });
    if (result.status === 0) return;
    const said = commandSaid(result);
    throw new ApplyConfigError(
      "CONFIG_REFUSED",
      `check haproxy.cfg: HAProxy refuses it, the old one serves on: ${said}`,
      said,
    );
  }

  /** The master answers when the new process serves, or says why it does not; the old one serves on then. */
  async function reload(description: string, signal: AbortSignal): Promise<void> {
    const said = await master.send("reload");
    if (!said.startsWith("Success=1")) {
      throw new ApplyConfigError(
        "DEGRADED",
        `reload haproxy: the old configuration serves on: ${said.slice(0, 2_000)}`,
        said,
      );
    }
    await waitFor(description, signal);
  }

  async function waitFor(description: string, signal: AbortSignal): Promise<void> {
    const look = async (): Promise<string | undefined> => {
      const info = await runtime.send("show info").catch((error: unknown) => {
        if (error instanceof RuntimeApiError) return "";
        throw error;
      });
      const runs = parseInfo(info).get("description") === description;
      return runs ? undefined : "it does not run with the new configuration";
    };
    await untilUp(clock, { doing: "start haproxy", unit: "haproxy", within: startTime, every: 20, look }, signal);
  }

  async function runCertificate(path: string, steps: readonly CertificateStep[]): Promise<void> {
    const pem = await host.read(path);
    loaded.touched(path);
    await runtime.exclusive(async (send) => {
      try {
        // Each waits for what was sent before it anyway, and is refused if that was.
        const sent = steps.map((step) => (step.pem === true ? send(step.command, pem ?? "") : send(step.command)));
        const answers = await Promise.all(sent);
        for (const [index, { command, expect }] of steps.entries()) confirm(command, answers[index] ?? "", expect);
      } catch (error) {
        await send(`abort ssl cert ${path}`).catch(() => undefined);
        throw error;
      }
    });
  }

  async function makePlaceholder(signal: AbortSignal): Promise<void> {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-"];
    const subject = ["-subj", "/CN=no certificate yet", "-days", "3650", "-out", "-"];
    const pem = await mustRun(host, ["openssl", "req", "-x509", ...key, ...subject], signal);
    await host.write(paths.placeholder, pem, { mode: 0o600 });
  }

  return { name: "haproxy", observe, recall, plan: planFront, apply, runtime, latest: () => latest };
}

function confirm(command: string, said: string, expect: Step["expect"]): void {
  if (!expect.test(said))
    throw new RuntimeApiError("RUNTIME_REFUSED", `run ${command}: HAProxy said: ${said || "nothing"}`);
}
