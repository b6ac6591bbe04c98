import { isConnected, sendNumbers } from "@zcloud/bus";
import type { RoleContext } from "@zcloud/service";

/** znet never connects to zstore (ADR 0013): what zstore knows of itself travels on the connection that it opens. */
export function tellNumbers(ctx: RoleContext): void {
  if (!isConnected(ctx.bus)) return;
  const stop = sendNumbers(ctx.bus.link, ctx.view().self.id, () => ctx.metrics.metrics(), { logger: ctx.log });
  ctx.signal.addEventListener("abort", stop);
}
