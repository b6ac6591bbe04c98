import type { Bus } from "@zcloud/bus";
import type { Event, Status } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import type { Role } from "@zcloud/map";
import type { Action, Backoff, Clock, Loop, Reconciler } from "@zcloud/reconcile";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { MapView } from "./map-view.ts";
import type { RolePaths } from "./paths.ts";

/** What is not as it should be: what it means for users, and what helps. */
export type StatusProblem = Status["problems"][number];

/** An event without what the frame knows: version, time, host. The actor is the host unless said otherwise. */
export type NewEvent = Pick<Event, "kind" | "level" | "subject" | "reason"> & { readonly actor?: string };

/** Anything that says when it changed: a bus replica, a file watch, a daemon's event stream. */
export interface Changing {
  onChange(listener: () => void): () => void;
}

/** One thing that a role keeps as it should be. */
export interface LoopSpec<D, O, A extends Action> {
  readonly reconciler: Reconciler<D, O, A>;
  /** From the map and whatever else the role knows (bus replicas); pure and cheap. Undefined: nothing to do yet. */
  desired(view: MapView): D | undefined;
  /** What triggers a pass besides the map, the timer and the role's own `loop.trigger`. */
  readonly wakes?: readonly Changing[];
  /** Whether the host is ready only if this is converged; true by default. */
  readonly essential?: boolean;
  readonly deadlineMs?: number;
  readonly resyncMs?: number | (() => number);
  readonly backoff?: Partial<Backoff>;
}

/** A loop that the frame runs, previews and reports. Made by `ctx.loop`. */
export interface RoleLoop {
  readonly loop: Loop;
  readonly essential: boolean;
  /** The plan for this view of a map, without effects. */
  preview(view: MapView, signal?: AbortSignal): Promise<readonly Action[]>;
}

/** What the frame gives to a role. */
export interface RoleContext {
  readonly role: Role;
  /** Of the release that runs: `20261122-1a2b3c4d`, or `dev`. */
  readonly version: string;
  /** This machine. */
  readonly host: Host;
  /** Works with NATS gone: serves the last known, delivers later. */
  readonly bus: Bus;
  readonly log: Logger;
  /** For the role's own metrics, `zcloud_<role>_...`. */
  readonly metrics: Registry;
  readonly clock: Clock;
  readonly paths: RolePaths;
  /** Aborts when the service stops; everything that waits takes it. */
  readonly signal: AbortSignal;
  /** The newest valid map. There always is one: a role starts when the first is known. */
  view(): MapView;
  /** Called after every new map, before the loops are triggered. */
  onMap(listener: (view: MapView) => void): void;
  loop<D, O, A extends Action>(spec: LoopSpec<D, O, A>): RoleLoop;
  /** Logs it and publishes it on the bus. */
  event(event: NewEvent): void;
}

/** What a role gives to the frame. */
export interface RoleParts {
  /** In the order in which `zctl plan` shows them; they run independently of each other. */
  readonly loops: readonly RoleLoop[];
  /** Further routes of the API on the unix socket, under /v1/. */
  routes?(app: FastifyInstance): void;
  /** Further routes for the neighbours, who may only read: under /metrics/. */
  neighbours?(app: FastifyInstance): void;
  /** Role-specific facts for Status, e.g. `{ routes: [...] }`. Cheap: asked every 10 s and at every change. */
  facts?(): Readonly<Record<string, unknown>>;
  /** Problems that are no loop's failure, worst first. */
  problems?(): readonly StatusProblem[];
  /** After the loops have stopped, at most a second. */
  stop?(): Promise<void>;
}

/** A role: its name, and what it keeps true. `start` is called once, when a map and the keys are known. */
export interface RoleDefinition {
  readonly role: Role;
  start(ctx: RoleContext): RoleParts | Promise<RoleParts>;
}
