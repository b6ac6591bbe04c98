import type { RoleContext, RoleDefinition, RoleParts } from "@zcloud/service";
import { tellNumbers } from "./numbers.ts";
import { storagePart } from "./storage-part.ts";
import { answerVolumeQuestions } from "./volume-questions.ts";
import { volumeRoutes } from "./volume-routes.ts";

/** zStore: keeps its site's part of Ceph. While the map says `local`, volumes are directories of zPod, and nothing runs here. */
export const zstore: RoleDefinition = {
  role: "zstore",
  start(ctx: RoleContext): RoleParts {
    tellNumbers(ctx);
    const ceph = storagePart(ctx);
    answerVolumeQuestions(ctx, ceph.volumes);
    const storage = () => ctx.view().map.storage;
    return {
      loops: ceph.loops,
      routes(app) {
        app.get("/v1/storage", () => ({ ...storage(), ...ceph.facts() }));
        volumeRoutes(app, { volumes: ceph.volumes, event: ctx.event, signal: ctx.signal });
      },
      facts: () => ({ storage: { ...storage(), ...ceph.facts() } }),
      problems: ceph.problems,
      stop: ceph.stop,
    };
  },
};
