import { createNats } from "@zcloud/daemons/nats";
import { createUnbound, desiredRecords } from "@zcloud/daemons/unbound";
import type { RoleContext, RoleDefinition, RoleParts } from "@zcloud/service";
import { joinAsAdmin } from "./admin.ts";
import { peerState } from "./peer.ts";
import { routes } from "./routes.ts";

/** zNet: the site's bus and its resolver. Needs no other VM. */
export const znet: RoleDefinition = {
  role: "znet",
  start(ctx: RoleContext): RoleParts {
    const admin = joinAsAdmin(ctx);
    const here = ctx.bus.replica("endpoints", "site");
    const there = ctx.bus.replica("endpoints", "peer");
    const names = () => [...here.entries().values(), ...there.entries().values()];
    const map = () => ctx.view().map;
    const peer = () => peerState(ctx.view().peer?.name, there.age(), ctx.bus.connected());
    return {
      loops: [
        ctx.loop({
          reconciler: createNats({ host: ctx.host, pki: `${ctx.paths.etc}/pki` }),
          desired: ({ map: wanted, keys, site }) => ({ map: wanted, keys, site: site.name }),
        }),
        ctx.loop({
          reconciler: createUnbound({ host: ctx.host, map, site: ctx.view().site.name }),
          desired: (view) => ({
            map: view.map,
            site: view.site.name,
            records: desiredRecords(view.map, view.site.name, names()),
          }),
          wakes: [here, there],
        }),
      ],
      routes: (app) => routes(app, { ctx, admin }),
      facts: () => ({
        bus: { connected: admin.link.connection() !== undefined, streams: admin.ensured() },
        peer: peer(),
        names: desiredRecords(map(), ctx.view().site.name, names()).size,
      }),
      problems() {
        const { name, state } = peer();
        if (state !== "away") return [];
        const what = `no word from ${name}: each site goes on by itself, with what it last knew of the other`;
        return [{ what, remedy: `is ${name} up, and the link to it? zctl status` }];
      },
      stop: () => admin.close(),
    };
  },
};
