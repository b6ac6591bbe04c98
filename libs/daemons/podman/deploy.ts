import {
  composeName,
  ownDirectory,
  projectName,
  resolvedPath,
  stackDirectory,
  stacksDirectory,
  tenantSlice,
  unitName,
  userRange,
  type VolumeProvider,
} from "@zcloud/daemons/stack";
import type { Host } from "@zcloud/host";
import type { Problem, ZMap } from "@zcloud/map";
import type { Clock } from "@zcloud/reconcile";
import type { PodmanApi } from "./api.ts";
import { stateName, stateText, unitDirectory, wantedBy } from "./deployed.ts";
import type { StackHere } from "./desired.ts";
import { runOrThrow, stamp, trashDirectory } from "./local-volumes.ts";
import { normalise } from "./normalise.ts";
import type { Deployed } from "./plan.ts";

export interface DeployPorts {
  readonly host: Host;
  readonly api: Pick<PodmanApi, "hasImage" | "pull" | "forgetVolume">;
  readonly volumes: VolumeProvider;
  readonly clock: Clock;
  /** The stack's directory has just become this: from now on its containers are known by it. */
  placed(deployed: Deployed): void;
  /** The stack is no longer there. */
  taken(deployed: Deployed): void;
}

/** `refused`: trying again can't help. `failed`: it may; `rolledBack` says that what ran before runs again. */
export type Outcome =
  | { readonly kind: "done"; readonly what: "deployed" | "removed" }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] }
  | { readonly kind: "failed"; readonly reason: string; readonly rolledBack: boolean };

/**
 * Puts a stack in place and runs it. Everything that can fail without touching what runs comes first: files beside
 * the old ones, compose's own check, the policy, images, volumes. Then one exchange of directories, and the unit.
 */
export async function deployStack(
  here: StackHere,
  map: ZMap,
  before: Deployed | undefined,
  ports: DeployPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { host } = ports;
  const { tenant, project } = here.spec;
  const candidate = `${stacksDirectory}/${tenant}/.${project}.new`;
  await writeCandidate(host, candidate, here);
  const normalised = await normalise(here.stack, { host, map, candidate, signal });
  if (!normalised.ok) {
    await host.remove(candidate);
    return { kind: "refused", problems: normalised.problems };
  }
  const deployed: Deployed = {
    tenant,
    project,
    digest: here.stack.digest,
    override: here.override,
    spec: here.spec,
    at: new Date(ports.clock.now()).toISOString(),
    applied: false,
  };
  await host.write(`${candidate}/${ownDirectory}/resolved.yaml`, normalised.resolved);
  await host.write(`${candidate}/${stateName}`, stateText(deployed));
  const missing = await fetchImages(here, ports, signal);
  if (missing !== undefined) {
    await host.remove(candidate);
    return { kind: "failed", reason: missing, rolledBack: false };
  }
  for (const { name, size } of here.spec.volumes)
    await ports.volumes.ensure(tenant, project, name, size, userRange(tenant).base);
  await exchange(host, candidate, stackDirectory(tenant, project));
  ports.placed(deployed);
  const failure = await runUnit(here, ports, signal);
  if (failure === undefined) {
    await markApplied(host, deployed);
    await host.remove(candidate);
    return { kind: "done", what: "deployed" };
  }
  if (before === undefined) return { kind: "failed", reason: failure, rolledBack: false };
  // The old files are now where the candidate was.
  await exchange(host, candidate, stackDirectory(tenant, project));
  ports.placed(before);
  await host.remove(candidate);
  const again = await runUnit(here, ports, signal);
  return {
    kind: "failed",
    reason: again === undefined ? failure : `${failure}; going back failed too: ${again}`,
    rolledBack: again === undefined,
  };
}

/** Runs what is in place. */
export async function startStack(
  here: StackHere,
  deployed: Deployed,
  ports: DeployPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  const failure = await runUnit(here, ports, signal);
  if (failure !== undefined) return { kind: "failed", reason: failure, rolledBack: false };
  await markApplied(ports.host, deployed);
  return { kind: "done", what: "deployed" };
}

/** Stops a stack and takes it away: its directory, and the volumes named, to the trash. */
export async function removeStack(
  deployed: Deployed,
  trash: readonly string[],
  ports: DeployPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { host, volumes, clock } = ports;
  const { tenant, project } = deployed;
  const unit = unitName(tenant, project);
  const name = projectName(tenant, project);
  const directory = stackDirectory(tenant, project);
  await host.run(["systemctl", "stop", "--quiet", unit], { signal, timeout: 90_000 });
  await host.remove(`${wantedBy}/${unit}`);
  if ((await host.stat(resolvedPath(tenant, project))) !== undefined) {
    const argv = [
      "docker-compose",
      "--ansi",
      "never",
      "-p",
      name,
      "-f",
      resolvedPath(tenant, project),
      "down",
      "--remove-orphans",
      "--timeout",
      "10",
    ];
    const { status, stderr } = await host.run(argv, {
      signal,
      timeout: 120_000,
      env: { DOCKER_HOST: "unix:///run/podman/podman.sock" },
    });
    if (status !== 0) return { kind: "failed", reason: lastLines(stderr), rolledBack: false };
  }
  for (const { name: volume } of deployed.spec.volumes) await ports.api.forgetVolume(`${name}_${volume}`, signal);
  for (const { name: volume } of deployed.spec.volumes)
    if (!trash.includes(volume)) await volumes.release(tenant, project, volume);
  for (const volume of trash) await volumes.trash(tenant, project, volume);
  await host.remove(`${unitDirectory}/${unit}`);
  const what = `trash stack ${tenant}/${project}`;
  await runOrThrow(host, what, ["install", "-d", "-m", "0700", trashDirectory, `${trashDirectory}/stacks`]);
  await runOrThrow(host, what, [
    "mv",
    "-T",
    "--no-copy",
    directory,
    `${trashDirectory}/stacks/${stamp(clock.now())}_${tenant}_${project}`,
  ]);
  await runOrThrow(host, what, ["systemctl", "daemon-reload"]);
  ports.taken(deployed);
  return { kind: "done", what: "removed" };
}

async function markApplied(host: Host, deployed: Deployed): Promise<void> {
  if (!deployed.applied)
    await host.write(
      `${stackDirectory(deployed.tenant, deployed.project)}/${stateName}`,
      stateText({ ...deployed, applied: true }),
    );
}

async function writeCandidate(host: Host, candidate: string, { stack, override }: StackHere): Promise<void> {
  await host.remove(candidate);
  for (const [path, text] of Object.entries(stack.files)) await host.write(`${candidate}/${path}`, text);
  if (stack.files[composeName] === undefined) throw new Error(`write ${candidate}: the stack has no ${composeName}`);
  await host.write(`${candidate}/${ownDirectory}/override.yaml`, override);
}

/** Why an image can't be had; undefined if all are here. */
async function fetchImages(
  { spec }: StackHere,
  { api }: DeployPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const image of new Set(spec.services.map((service) => service.image))) {
    if (await api.hasImage(image, signal)) continue;
    try {
      await api.pull(image, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}

/** After it, `to` has what `from` had, and the other way round; atomic, so that a power cut leaves one whole stack. */
async function exchange(host: Host, from: string, to: string): Promise<void> {
  const there = await host.stat(to);
  const option = there === undefined ? ["--no-copy"] : ["--exchange"];
  await runOrThrow(host, `put ${to} in place`, ["mv", "-T", ...option, from, to]);
  await runOrThrow(host, `put ${to} in place`, ["sync", to.slice(0, to.lastIndexOf("/"))]);
}

/** Writes the unit and starts it, or lets it bring running containers up to date. The reason if that fails. */
async function runUnit(
  { spec, unit: text }: StackHere,
  { host, clock }: DeployPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const unit = unitName(spec.tenant, spec.project);
  const path = `${unitDirectory}/${unit}`;
  if ((await host.read(path)) !== text) {
    await host.write(path, text);
    // As `systemctl enable` does, but that leaves systemd wanting a reload of all units, which takes it half a second. A
    // unit that it never read needs none.
    await runOrThrow(host, `enable ${unit}`, ["ln", "-sfn", path, `${wantedBy}/${unit}`], signal);
    const stale = await host.run(["systemctl", "show", "--property=NeedDaemonReload", "--value", unit], { signal });
    if (stale.stdout.trim() !== "no") await runOrThrow(host, `load ${unit}`, ["systemctl", "daemon-reload"], signal);
  }
  const since = Math.floor(clock.now() / 1000);
  const slice = tenantSlice(spec.tenant);
  await host.run(["systemctl", "start", slice], { signal });
  const { status, stderr } = await host.run(["systemctl", "reload-or-restart", unit], { signal, timeout: 150_000 });
  if (status === 0) return undefined;
  const journal = await host.run(
    [
      "journalctl",
      `--unit=${unit}`,
      `--since=@${since}`,
      "--output=cat",
      "--no-pager",
      "--lines=12",
      "--grep=.",
      "_COMM=docker-compose",
    ],
    { signal },
  );
  return lastLines(journal.stdout) || lastLines(stderr) || `systemctl ended with ${status}`;
}

function lastLines(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/level=warning/.test(line));
  return lines.slice(-3).join("; ").slice(0, 800);
}
