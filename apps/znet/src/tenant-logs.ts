import { storeDirectory } from "@zcloud/daemons/rsyslog";
import { ports } from "@zcloud/map";
import type { Action, Reconciler } from "@zcloud/reconcile";
import type { RoleContext, RoleLoop } from "@zcloud/service";
import { Counter } from "prom-client";
import { createTenantDoor, type TenantDoor } from "./tenant-door.ts";

interface Door {
  /** The host's own address; undefined: tenants can't read their lines here. */
  readonly address: string | undefined;
}

interface Turn extends Action {
  readonly kind: "open" | "close";
  readonly address: string;
}

/** Opens and closes the place where tenants read their own lines, as the map says. */
export function tenantLogs(ctx: RoleContext): { readonly loop: RoleLoop; stop(): Promise<void> } {
  const questions = new Counter({
    name: "zcloud_znet_tenant_log_questions_total",
    help: "Tenants' questions for their own log lines, by how they were answered.",
    labelNames: ["status"],
    registers: [ctx.metrics],
  });
  const door = createTenantDoor({
    host: ctx.host,
    clock: ctx.clock,
    store: storeDirectory,
    site: ctx.view().site.name,
    signal: ctx.signal,
    map: () => ctx.view().map,
    asked(tenant, status) {
      questions.inc({ status: String(status) });
      ctx.log.info({ tenant, status }, "a tenant's log lines were asked for");
    },
  });
  ctx.onMap(() => door.mapChanged());
  return {
    loop: ctx.loop({
      reconciler: doorReconciler(door),
      desired: ({ map, self }) => ({ address: map.log.name === undefined ? undefined : self.address }),
      essential: false,
    }),
    stop: () => door.close(),
  };
}

function doorReconciler(door: TenantDoor): Reconciler<Door, boolean, Turn> {
  return {
    name: "tenant-logs",
    observe: async () => door.isOpen(),
    plan({ address }, open) {
      if ((address !== undefined) === open) return [];
      const summary = open ? "the map has no log.name any more" : "tenants read their own lines here";
      const kind = open ? "close" : "open";
      return [{ kind, change: open ? "-" : "+", subject: "door", summary, address: address ?? "" }];
    },
    apply: ({ kind, address }) => (kind === "open" ? door.open(address, ports.tenantLogs) : door.close()),
  };
}
