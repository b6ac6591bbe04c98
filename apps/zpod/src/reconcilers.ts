import { cephVolumes, createMounts } from "@zcloud/daemons/cephfs";
import { containerRole } from "@zcloud/daemons/podman";
import type { RoleDefinition } from "@zcloud/service";
import { askZstore } from "./ask-zstore.ts";

/** zPod: podman, and the site's stacks that are placed on this host. Their volumes are zStore's, where the map says so. */
export const zpod: RoleDefinition = {
  role: "zpod",
  async start(ctx) {
    const state = `${ctx.paths.state}/volumes`;
    const volumes = cephVolumes({ host: ctx.host, map: () => ctx.view().map, state, ask: askZstore(ctx) });
    const containers = await containerRole(ctx, volumes);
    const mounts = ctx.loop({
      reconciler: createMounts({ host: ctx.host, state }),
      desired: ({ map }) => (map.storage.kind === "ceph" ? map : undefined),
      essential: false,
      resyncMs: 5_000,
    });
    return { ...containers, loops: [...containers.loops, mounts] };
  },
};
