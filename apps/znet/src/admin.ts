import { type BusAdmin, openAdmin } from "@zcloud/bus";
import { ports } from "@zcloud/map";
import type { RoleContext } from "@zcloud/service";

/** Administers this host's own nats-server: the site's streams, the mirrors of the peer's. */
export async function joinAsAdmin(ctx: RoleContext): Promise<BusAdmin> {
  const read = async (name: string) => (await ctx.host.read(`${ctx.paths.etc}/pki/${name}`)) ?? "";
  const { self, peer } = ctx.view();
  const admin = openAdmin({
    servers: [`${self.address}:${ports.nats}`],
    name: self.id,
    seed: await read("bus.nk"),
    tls: { ca: await read("ca.crt"), cert: await read("host.crt"), key: await read("host.key") },
    logger: ctx.log.child({ part: "bus-admin" }),
  });
  admin.wantPeer(peer?.name);
  ctx.onMap((view) => admin.wantPeer(view.peer?.name));
  return admin;
}
