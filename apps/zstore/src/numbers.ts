import { isConnected, sendNumbers } from "@zcloud/bus";
import { nodeNumbers } from "@zcloud/daemons/prometheus";
import type { RoleContext } from "@zcloud/service";

/** znet never connects to zstore (ADR 0013): what zstore knows of itself travels on the connection that it opens. */
export function tellNumbers(ctx: RoleContext): void {
  if (!isConnected(ctx.bus)) return;
  const { self } = ctx.view();
  const all = async () => {
    const [own, node] = await Promise.all([ctx.metrics.metrics(), nodeNumbers(self, ctx.signal)]);
    return own + node;
  };
  const stop = sendNumbers(ctx.bus.link, self.id, all, { logger: ctx.log });
  ctx.signal.addEventListener("abort", stop);
}
