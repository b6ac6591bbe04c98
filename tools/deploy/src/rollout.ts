import type { Host } from "@zcloud/host";
import { places, type Release } from "./release.ts";

/** What became of one host. */
export type Outcome =
  | { readonly kind: "unchanged"; readonly state: string }
  | { readonly kind: "deployed"; readonly previous: string | undefined; readonly state: string; readonly ms: number }
  | {
      readonly kind: "rolled-back";
      readonly to: string;
      readonly ready: boolean;
      readonly reason: string;
      readonly journal: string;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly journal: string }
  | { readonly kind: "unreachable"; readonly reason: string };

export interface RolloutOptions {
  readonly signal: AbortSignal;
  /** Milliseconds that a new version has to become ready. */
  readonly patience: number;
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** Readiness as the service itself tells it through its socket. */
interface Ready {
  readonly ready: boolean;
  readonly state: string;
}

/** Brings one host to a release: upload, flip, restart, prove; back to what ran before if it does not come up. */
export async function rollout(host: Host, what: Release, options: RolloutOptions): Promise<Outcome> {
  const began = options.now();
  const at = places(what.role);
  try {
    const before = await look(host, what.role);
    if (before.version === what.version && before.active && before.unit === what.unit) {
      const proof = await readiness(host, at.socket);
      if (proof.ready) return { kind: "unchanged", state: proof.state };
    }
    await upload(host, what);
    await link(host, `releases/${what.version}`, `${at.root}/current`);
    const since = await clock(host);
    const old = await activate(host, what.role, what.unit);
    const proof = await prove(host, what.role, old, options);
    if (proof.ready) {
      // Only now: what failed is never what one could go back to.
      if (before.version !== undefined && before.version !== what.version) {
        await link(host, `releases/${before.version}`, `${at.root}/previous`);
      }
      await prune(host, what.role, [what.version, before.version]);
      return { kind: "deployed", previous: before.version, state: proof.state, ms: options.now() - began };
    }
    return await goBack(host, what, before.version, { reason: proof.state, since }, options);
  } catch (error) {
    if (options.signal.aborted) throw error;
    return { kind: "unreachable", reason: error instanceof Error ? error.message : String(error) };
  }
}

interface Seen {
  readonly version: string | undefined;
  readonly active: boolean;
  readonly unit: string | undefined;
}

async function look(host: Host, role: string): Promise<Seen> {
  const at = places(role);
  const link = await host.run(["readlink", `${at.root}/current`]);
  // ssh(1) ends with 255 when it could not even ask.
  if (link.status === 255) throw new Error(link.stderr.trim() || "ssh failed");
  const active = await host.run(["systemctl", "is-active", "--quiet", at.service]);
  return {
    version: link.status === 0 ? link.stdout.trim().split("/").at(-1) : undefined,
    active: active.status === 0,
    unit: await host.read(at.unit),
  };
}

async function upload(host: Host, what: Release): Promise<void> {
  const directory = `${places(what.role).releases}/${what.version}`;
  await host.write(`${directory}/${what.role}.js`, what.bundle);
  await host.write(`${directory}/zcloud-${what.role}.service`, what.unit);
}

/** Symlinks are replaced by rename(2): `current` always points somewhere. */
async function link(host: Host, target: string, path: string): Promise<void> {
  await must(host, ["ln", "-sfn", target, `${path}.new`]);
  await must(host, ["mv", "-Tf", `${path}.new`, path]);
}

/** Starts what `current` points at; returns the unit's invocation before that, so that the old process's answers don't count. */
async function activate(host: Host, role: string, unit: string): Promise<string> {
  const at = places(role);
  await host.write(at.unit, unit);
  await must(host, ["systemctl", "daemon-reload"]);
  await must(host, ["systemctl", "enable", "--quiet", at.service]);
  // A version that failed to start five times would otherwise keep the next one from starting.
  await host.run(["systemctl", "reset-failed", at.service]);
  const { InvocationID } = await show(host, at.service);
  // --no-block: readiness is asked of the service itself, for as long as our own patience lasts.
  await must(host, ["systemctl", "restart", "--no-block", at.service]);
  return InvocationID ?? "";
}

async function show(host: Host, service: string): Promise<Partial<Record<string, string>>> {
  const shown = await host.run(["systemctl", "show", "-p", "ActiveState,InvocationID,NRestarts", service]);
  return Object.fromEntries(
    shown.stdout
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

async function prove(host: Host, role: string, old: string, options: RolloutOptions): Promise<Ready> {
  const at = places(role);
  const until = options.now() + options.patience;
  let last: Ready = { ready: false, state: "did not start" };
  let wait = 100;
  while (options.now() < until) {
    options.signal.throwIfAborted();
    const unit = await show(host, at.service);
    if (unit["InvocationID"] !== old) {
      if (unit["ActiveState"] === "failed") return { ready: false, state: "the service failed to start" };
      // systemd counts automatic restarts only; two of them are a crash loop, and waiting does not mend it.
      if (Number(unit["NRestarts"]) >= 2) return { ready: false, state: "the service crashes again and again" };
      if (unit["ActiveState"] === "active") last = await readiness(host, at.socket);
      if (last.ready) return last;
    }
    await options.sleep(wait);
    wait = Math.min(wait * 1.5, 1000);
  }
  return last;
}

/** 200 is ready. A service on a host without a map is up and waits for one: at a first deployment it can do no more. */
async function readiness(host: Host, socket: string): Promise<Ready> {
  const argv = [
    "curl",
    "-sS",
    "--max-time",
    "5",
    "--unix-socket",
    socket,
    "-w",
    "\\n%{http_code}",
    "http://agent/readyz",
  ];
  const asked = await host.run(argv);
  if (asked.status !== 0) return { ready: false, state: asked.stderr.trim() || "does not answer" };
  const cut = asked.stdout.lastIndexOf("\n");
  const status = asked.stdout.slice(cut + 1).trim();
  const body = asked.stdout.slice(0, Math.max(cut, 0));
  const ready = status === "200" || (waitsForMap(body) && (await host.stat(mapPath)) === undefined);
  return { ready, state: state(body, status) };
}

/** Where `zctl apply` puts a host's first map. */
const mapPath = "/etc/zcloud/map.json";

/** What /readyz says (libs/service): generation 0 is no map. */
interface Readiness {
  readonly generation?: unknown;
  readonly reasons?: unknown;
}

function parse(body: string): Readiness {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function waitsForMap(body: string): boolean {
  return parse(body).generation === 0;
}

/** The line of a readiness document that matters. */
export function state(body: string, status: string): string {
  const { reasons } = parse(body);
  if (Array.isArray(reasons) && reasons.length > 0) return reasons.map(String).join("; ");
  return status === "200" ? "ready" : `/readyz answers ${status}`;
}

async function goBack(
  host: Host,
  what: Release,
  before: string | undefined,
  failure: { readonly reason: string; readonly since: string },
  options: RolloutOptions,
): Promise<Outcome> {
  const at = places(what.role);
  const { reason } = failure;
  const journal = await lastWords(host, at.service, failure.since);
  if (before === undefined || before === what.version) return { kind: "failed", reason, journal };
  const unit = await host.read(`${at.releases}/${before}/zcloud-${what.role}.service`);
  if (unit === undefined)
    return { kind: "failed", reason: `${reason}; the previous version ${before} is gone`, journal };
  await link(host, `releases/${before}`, `${at.root}/current`);
  const old = await activate(host, what.role, unit);
  const proof = await prove(host, what.role, old, options);
  return { kind: "rolled-back", to: before, ready: proof.ready, reason, journal };
}

/** Seconds since the epoch by the host's own clock, which its journal goes by. */
async function clock(host: Host): Promise<string> {
  return (await host.run(["date", "+%s"])).stdout.trim();
}

/** What the version that failed said, without the frames of stack traces. */
async function lastWords(host: Host, service: string, since: string): Promise<string> {
  const argv = ["journalctl", "--no-pager", "-q", "-o", "cat", "-n", "60", `--since=@${since}`, "-u", service];
  const said = (await host.run(argv)).stdout.trimEnd().split("\n");
  return said
    .filter((line) => !/^\s+at /.test(line))
    .slice(-15)
    .join("\n");
}

async function prune(host: Host, role: string, keep: readonly (string | undefined)[]): Promise<void> {
  const { releases, root } = places(role);
  const previous = (await host.run(["readlink", `${root}/previous`])).stdout.trim().split("/").at(-1);
  for (const name of await host.list(releases)) {
    if (!keep.includes(name) && name !== previous) await host.remove(`${releases}/${name}`);
  }
}

async function must(host: Host, argv: readonly string[]): Promise<void> {
  const done = await host.run(argv);
  if (done.status !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.trim() || `ended with ${done.status}`}`);
}
