import type { RoleContext, RoleDefinition, RoleParts } from "@zcloud/service";

/** zStore: says what kind of storage the map asks for. While that is `local`, volumes are directories of zPod. */
export const zstore: RoleDefinition = {
  role: "zstore",
  start(ctx: RoleContext): RoleParts {
    const storage = () => ctx.view().map.storage;
    return {
      loops: [],
      routes: (app) => void app.get("/v1/storage", () => storage()),
      facts: () => ({ storage: storage() }),
      problems: () =>
        storage().kind === "local"
          ? []
          : [
              {
                what: "the map asks for Ceph, which this version does not run yet",
                remedy: "write storage: { kind: local } in the map",
              },
            ],
    };
  },
};
