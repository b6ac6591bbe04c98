import type { StackSpec } from "@zcloud/daemons/stack";
import { formatProblem } from "@zcloud/map";
import type { Container } from "./containers.ts";
import type { StacksDesired } from "./desired.ts";
import type { Failure } from "./jobs.ts";
import type { Deployed } from "./plan.ts";

/** A stack as `zctl status` shows it. */
export interface StackReport {
  readonly stack: string;
  /** running: all containers are well. elsewhere: another host runs it. */
  readonly state: "running" | "changing" | "degraded" | "down" | "refused" | "failed" | "elsewhere";
  /** Why it isn't running as it was sent; empty if it is. */
  readonly reasons: readonly string[];
  readonly placement: string;
  readonly digest: string | undefined;
  /** Of the files that were refused, or failed; undefined where none were. */
  readonly tried: string | undefined;
  /** RFC 3339; when those were sent. The same files, sent again, are another try. */
  readonly triedAt: string | undefined;
  /** RFC 3339; when it was put on this host. */
  readonly since: string | undefined;
  readonly names: readonly string[];
  readonly volumes: readonly string[];
  readonly containers: readonly ContainerReport[];
}

export interface ContainerReport {
  readonly name: string;
  readonly service: string;
  readonly state: string;
  readonly health: Container["health"];
  readonly restarts: number;
  /** `10.64.1.17:40123` for each published port. */
  readonly published: readonly string[];
}

export interface ReportInput {
  readonly desired: StacksDesired | undefined;
  readonly deployed: ReadonlyMap<string, Deployed>;
  readonly containers: readonly Container[];
  readonly busy: ReadonlySet<string>;
  readonly failures: ReadonlyMap<string, Failure>;
}

/** Every stack that this host has or should have, or that is refused, sorted. */
export function reportStacks({ desired, deployed, containers, busy, failures }: ReportInput): readonly StackReport[] {
  const keys = new Set([...deployed.keys(), ...(desired?.here.keys() ?? []), ...(desired?.refused.keys() ?? [])]);
  return [...keys].sort().map((key): StackReport => {
    const there = deployed.get(key);
    const spec = there?.spec ?? desired?.here.get(key)?.spec;
    const own = containers.filter((one) => `${one.tenant}/${one.project}` === key);
    const refusal = desired?.refused.get(key)?.problems;
    const failure = failures.get(key)?.outcome;
    const tried = desired?.refused.get(key)?.stack ?? failures.get(key)?.stack;
    const unwell = [...wordOf(key, there !== undefined, desired), ...unwellOf(spec, own)];
    const reasons = [
      ...(refusal ?? (failure?.kind === "refused" ? failure.problems : [])).map(formatProblem),
      ...(failure?.kind === "failed" ? [failure.reason] : []),
      ...unwell,
    ];
    return {
      stack: key,
      state: busy.has(key)
        ? "changing"
        : refusal !== undefined || failure?.kind === "refused"
          ? "refused"
          : failure !== undefined
            ? "failed"
            : stateOf(own, unwell),
      reasons,
      placement: spec === undefined ? "unknown" : (spec.home ?? "both"),
      digest: there?.digest,
      tried: tried?.digest,
      triedAt: tried?.deployedAt,
      since: there?.at,
      names: [...new Set(spec?.services.flatMap(({ endpoint }) => endpoint?.names ?? []))].sort(),
      volumes: spec?.volumes.map(({ name }) => name) ?? [],
      containers: own.map(({ name, service, state, health, restarts, published }) => ({
        name,
        service,
        state,
        health,
        restarts,
        published: [...published.values()].map(({ address, port }) => `${address}:${port}`),
      })),
    };
  });
}

/** What is wrong with the bucket's word of a stack that is here. */
function wordOf(key: string, here: boolean, desired: StacksDesired | undefined): readonly string[] {
  const why = desired?.unreadable.get(key);
  if (here && why !== undefined) return [unreadable(why)];
  if (!here || desired?.entered === undefined || desired.entered.has(key)) return [];
  return ["it goes on here, but the site's bus has no word of it; zctl deploy it again, or zctl remove it"];
}

/** What it means that the bucket's value can't be read. */
export function unreadable(why: string): string {
  return `what the bus has of it can't be read (${why}), so what is here goes on; zctl deploy it again, or zctl remove it`;
}

function unwellOf(spec: StackSpec | undefined, own: readonly Container[]): readonly string[] {
  const missing = (spec?.services ?? []).flatMap(({ name, replicas, restart }) => {
    const count = own.filter(({ service }) => service === name).length;
    return count < replicas && restart !== "no" ? [`${name} has ${count} of ${replicas} containers`] : [];
  });
  const ill = own.filter(
    (one) =>
      !(one.state === "running"
        ? one.health === "healthy" || one.health === "none"
        : one.state === "exited" && one.exitCode === 0),
  );
  return [
    ...missing,
    ...ill.map(
      ({ name, state, health, exitCode }) =>
        `${name} is ${state === "running" ? health : `${state} (exit code ${exitCode})`}`,
    ),
  ];
}

function stateOf(own: readonly Container[], unwell: readonly string[]): StackReport["state"] {
  if (unwell.length === 0 && own.length > 0) return "running";
  return own.some(({ state }) => state === "running") ? "degraded" : "down";
}
