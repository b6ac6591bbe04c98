import type { Host } from "@zcloud/host";
import { places, type Release } from "./release.ts";
import { type Activated, activate, finish, lastWords, look, poll, type Ready } from "./remote.ts";

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

/** Brings one host to a release: upload, flip, restart, prove; back to what ran before if it does not come up. */
export async function rollout(host: Host, what: Release, options: RolloutOptions): Promise<Outcome> {
  const began = options.now();
  const { role, version } = what;
  try {
    const before = await look(host, role);
    if (before.version === version && before.active && before.unit === what.unit) {
      const proof = await poll(host, role);
      if (proof.ready) return { kind: "unchanged", state: proof.state };
    }
    await upload(host, what);
    const activated = await activate(host, role, version);
    const proof = await prove(host, role, activated, options);
    if (!proof.ready) return await goBack(host, what, before.version, activated, proof.state, options);
    // Only now: what failed is never what one could go back to.
    await finish(host, role, before.version === version ? undefined : before.version);
    return { kind: "deployed", previous: before.version, state: proof.state, ms: options.now() - began };
  } catch (error) {
    if (options.signal.aborted) throw error;
    return { kind: "unreachable", reason: error instanceof Error ? error.message : String(error) };
  }
}

async function upload(host: Host, what: Release): Promise<void> {
  const directory = `${places(what.role).releases}/${what.version}`;
  await Promise.all([
    host.write(`${directory}/${what.role}.js`, what.bundle),
    ...[...what.more].map(([name, text]) => host.write(`${directory}/${name}`, text)),
    host.write(`${directory}/zcloud-${what.role}.service`, what.unit),
  ]);
}

async function prove(host: Host, role: string, { invocation }: Activated, options: RolloutOptions): Promise<Ready> {
  const until = options.now() + options.patience;
  let last: Ready = { ready: false, state: "did not start" };
  let wait = 200;
  while (options.now() < until) {
    options.signal.throwIfAborted();
    await options.sleep(wait);
    wait = Math.min(wait * 1.5, 1000);
    const seen = await poll(host, role);
    const { InvocationID, ActiveState, NRestarts } = seen.unit;
    if (InvocationID === invocation) continue;
    if (ActiveState === "failed") return { ready: false, state: "the service failed to start" };
    // systemd counts automatic restarts only; two of them are a crash loop, and waiting does not mend it.
    if (Number(NRestarts) >= 2) return { ready: false, state: "the service crashes again and again" };
    if (ActiveState === "active") last = seen;
    if (last.ready) return last;
  }
  return last;
}

async function goBack(
  host: Host,
  { role, version }: Release,
  before: string | undefined,
  { since }: Activated,
  reason: string,
  options: RolloutOptions,
): Promise<Outcome> {
  const journal = await lastWords(host, role, since);
  if (before === undefined || before === version) return { kind: "failed", reason, journal };
  if ((await host.stat(`${places(role).releases}/${before}/zcloud-${role}.service`)) === undefined)
    return { kind: "failed", reason: `${reason}; the previous version ${before} is gone`, journal };
  const proof = await prove(host, role, await activate(host, role, before), options);
  return { kind: "rolled-back", to: before, ready: proof.ready, reason, journal };
}
