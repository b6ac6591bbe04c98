import type { RoleContext } from "@zcloud/service";
import { Gauge } from "prom-client";
import { createDisks, diskProblems, watchFullness } from "../disk/index.ts";

/** How full the host's own file systems are: told before one of them is. */
export function diskPart(ctx: RoleContext) {
  const fullness = watchFullness(ctx.view().self.id);
  const disks = createDisks({
    host: ctx.host,
    seen: (found) => {
      for (const news of fullness.look(found)) ctx.event(news);
    },
  });
  new Gauge({
    name: "zcloud_disk_used_ratio",
    help: "Part of a file system that is taken, of its bytes or its inodes, whichever is more.",
    labelNames: ["mountpoint"],
    registers: [ctx.metrics],
    collect() {
      this.reset();
      for (const { place, used } of disks.disks()) this.set({ mountpoint: place }, used);
    },
  });
  return {
    loop: ctx.loop({ reconciler: disks, desired: () => ({}), essential: false, resyncMs: 60_000 }),
    problems: () => diskProblems(disks.disks()),
  };
}
