import type { VolumeProvider } from "@zcloud/daemons/stack";
import type { HostEntry, ZMap } from "@zcloud/map";
import type { Action, Reconciler } from "@zcloud/reconcile";
import { type ContainerHostContext, containerHost } from "./container-host.ts";
import type { StackReport } from "./report.ts";
import { EngineReconciler } from "./setup.ts";
import { stacksAnswer } from "./stacks-route.ts";

type View = { readonly map: ZMap; readonly self: HostEntry };

interface Spec<D, O, A extends Action> {
  readonly reconciler: Reconciler<D, O, A>;
  desired(view: View): D | undefined;
  readonly wakes?: readonly { onChange(listener: () => void): () => void }[];
}

/** Also makes loops; the frame of libs/service does. `L`: what it calls a loop. */
export interface ContainerRoleContext<L> extends ContainerHostContext {
  loop<D, O, A extends Action>(spec: Spec<D, O, A>): L;
}

interface App {
  get(path: string, handler: (request: { readonly query: unknown }) => Promise<object>): unknown;
}

/** What a role of containers gives to the frame. */
export interface ContainerParts<L> {
  readonly loops: readonly L[];
  routes(app: App): void;
  facts(): { readonly stacks: readonly StackReport[] };
  problems(): readonly { readonly what: string; readonly remedy?: string }[];
  stop(): Promise<void>;
}

/**
 * A role whose whole work is containers: podman as it has to be, and the site's stacks that are placed on this host.
 * @param remote see containerHost
 */
export async function containerRole<L>(
  ctx: ContainerRoleContext<L>,
  remote?: VolumeProvider,
): Promise<ContainerParts<L>> {
  const containers = await containerHost(ctx, remote);
  const running = containers.run();
  return {
    loops: [
      ctx.loop({ reconciler: new EngineReconciler(ctx.host), desired: ({ map }) => ({ tenants: map.tenants }) }),
      ctx.loop({
        reconciler: containers.stacks,
        desired: containers.desired,
        wakes: [ctx.bus.replica("stacks", "site"), containers.stacks],
      }),
    ],
    routes: (app) =>
      void app.get("/v1/stacks", ({ query }) => stacksAnswer(query, containers.report, ctx.clock, ctx.signal)),
    facts: () => ({ stacks: containers.report() }),
    problems: () => containers.problems(),
    stop: () => running,
  };
}
