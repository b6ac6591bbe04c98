import { containerHost, EngineReconciler } from "@zcloud/daemons/podman";
import type { RoleContext, RoleDefinition, RoleParts } from "@zcloud/service";

/** zPod: podman, and the site's stacks that are placed on this host. */
export const zpod: RoleDefinition = {
  role: "zpod",
  async start(ctx: RoleContext): Promise<RoleParts> {
    const containers = await containerHost(ctx);
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
      routes: (app) => void app.get("/v1/stacks", () => ({ stacks: containers.report() })),
      facts: () => ({ stacks: containers.report() }),
      problems: () => containers.problems(),
      stop: () => running,
    };
  },
};
