import type { VolumeProvider } from "@zcloud/daemons/stack";
import type { Host } from "@zcloud/host";
import { formatProblem, type ZMap } from "@zcloud/map";
import type { Clock, Reconciler } from "@zcloud/reconcile";
import type { PodmanApi } from "./api.ts";
import type { Happening } from "./changes.ts";
import { type DeployPorts, deployStack, type Outcome, removeStack, startStack } from "./deploy.ts";
import { listDeployed, listUnits } from "./deployed.ts";
import type { StackHere, StacksDesired } from "./desired.ts";
import { type Failure, type JobInput, StackJobs } from "./jobs.ts";
import { type Deployed, fingerprint, planStacks, type StackAction, type StacksObserved } from "./plan.ts";

export interface StacksOptions {
  readonly host: Host;
  readonly api: PodmanApi;
  readonly volumes: VolumeProvider;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  map(): ZMap;
  happened(happening: Happening): void;
}

/** Keeps this host's stacks as the site wants them. Passes are short: each stack's change runs beside them. */
export class StacksReconciler implements Reconciler<StacksDesired, StacksObserved, StackAction> {
  readonly name = "stacks";
  readonly #options: StacksOptions;
  readonly #ports: DeployPorts;
  readonly #jobs: StackJobs;
  readonly #listeners = new Set<() => void>();
  #deployed: ReadonlyMap<string, Deployed> = new Map();

  constructor(options: StacksOptions) {
    this.#options = options;
    this.#ports = {
      ...options,
      placed: (deployed) => this.#placed(deployed),
      taken: (deployed) => this.#taken(deployed),
    };
    this.#jobs = new StackJobs(
      options.clock,
      () => this.#changed(),
      (key, outcome, repeated) => this.#ended(key, outcome, repeated),
    );
  }

  /** As of the last pass, or of `load`. */
  deployed(): ReadonlyMap<string, Deployed> {
    return this.#deployed;
  }

  busy(): ReadonlySet<string> {
    return this.#jobs.busy();
  }

  failures(): ReadonlyMap<string, Failure> {
    return this.#jobs.failures();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads what is deployed here, so that endpoints are known before the first pass. */
  async load(): Promise<void> {
    this.#deployed = await listDeployed(this.#options.host);
  }

  settled(): Promise<void> {
    return this.#jobs.settled();
  }

  async observe(): Promise<StacksObserved> {
    const { host, volumes } = this.#options;
    // Before the disk is read: a job that ends meanwhile wakes us again.
    const busy = this.#jobs.busy();
    this.#deployed = await listDeployed(host);
    return {
      deployed: this.#deployed,
      units: await listUnits(host, this.#deployed.values()),
      volumes: await volumes.list(),
      shared: volumes.kind === "ceph",
      trash: await volumes.listTrash(),
      busy: new Set([...busy, ...this.#jobs.busy()]),
      waiting: this.#jobs.waiting(),
    };
  }

  plan(desired: StacksDesired, observed: StacksObserved): readonly StackAction[] {
    return planStacks(desired, observed);
  }

  async apply(action: StackAction): Promise<void> {
    const { signal } = this.#options;
    const { key } = action;
    switch (action.kind) {
      case "run-stack":
        return this.#jobs.start(key, inputOf(action.here), () =>
          deployStack(action.here, this.#options.map(), this.#deployed.get(key), this.#ports, signal),
        );
      case "start-stack":
        return this.#jobs.start(key, inputOf(action.here), () =>
          startStack(action.here, action.deployed, this.#ports, signal),
        );
      case "remove-stack":
        return this.#jobs.start(key, { fingerprint: "removed" }, () =>
          removeStack(action.deployed, action.trash, this.#ports, signal),
        );
      case "volume-fate":
        return;
    }
  }

  #placed(deployed: Deployed): void {
    this.#deployed = new Map(this.#deployed).set(`${deployed.tenant}/${deployed.project}`, deployed);
    this.#changed();
  }

  #taken({ tenant, project }: Deployed): void {
    this.#deployed = new Map([...this.#deployed].filter(([key]) => key !== `${tenant}/${project}`));
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #ended(key: string, outcome: Outcome, repeated: boolean): void {
    const { happened } = this.#options;
    if (repeated) return;
    if (outcome.kind === "done" && outcome.what === "removed")
      happened({
        kind: "stack-removed",
        level: "info",
        subject: key,
        reason: "its containers are gone, its files and volumes in the trash or kept as planned",
      });
    else if (outcome.kind === "done")
      happened({ kind: "stack-deployed", level: "info", subject: key, reason: "its containers are up" });
    else if (outcome.kind === "refused")
      happened({
        kind: "stack-refused",
        level: "error",
        subject: key,
        reason: outcome.problems.map(formatProblem).join("\n"),
      });
    else
      happened({
        kind: "stack-failed",
        level: "error",
        subject: key,
        reason: outcome.rolledBack ? `${outcome.reason}; the version before runs again` : outcome.reason,
      });
  }
}

function inputOf(here: StackHere): JobInput {
  return { fingerprint: fingerprint(here), stack: here.stack };
}
