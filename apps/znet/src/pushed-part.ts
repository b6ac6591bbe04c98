import { isConnected, takeNumbers } from "@zcloud/bus";
import { pushedPath, pushes } from "@zcloud/daemons/prometheus";
import type { RoleContext } from "@zcloud/service";
import type { App } from "./answers.ts";

/** Numbers of hosts that znet may not ask (ADR 0013), as they said them last: for Prometheus, beside znet's own. */
export function pushedPart(ctx: RoleContext): (app: App) => void {
  const hosts = ctx.view().site.hosts.filter(pushes);
  if (!isConnected(ctx.bus)) return () => {};
  const logger = ctx.log.child({ part: "numbers" });
  const taken = takeNumbers(
    ctx.bus.link,
    hosts.map(({ id }) => id),
    { logger },
  );
  ctx.signal.addEventListener("abort", () => taken.stop());
  return (app) => {
    for (const host of hosts) {
      app.get(pushedPath(host), (_request, reply) => {
        const text = taken.textOf(host.id);
        if (text === undefined)
          return reply.code(503).send({ error: `${host.id} has not said its numbers for a minute` });
        return reply.type("text/plain; version=0.0.4; charset=utf-8").send(text);
      });
    }
  };
}
