import { administer, type BusAdmin, isConnected } from "@zcloud/bus";
import type { RoleContext } from "@zcloud/service";

/** Administers this host's own nats-server over the service's own connection: the site's streams, the peer's mirrors. */
export function joinAsAdmin(ctx: RoleContext): BusAdmin {
  if (!isConnected(ctx.bus)) throw new Error("administer the bus: this is none that connectBus made");
  const admin = administer(ctx.bus.link, ctx.log.child({ part: "bus-admin" }));
  admin.wantPeer(ctx.view().peer?.name);
  ctx.onMap((view) => admin.wantPeer(view.peer?.name));
  return admin;
}
