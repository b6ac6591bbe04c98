import type { BusAdmin } from "@zcloud/bus";
import { SignedMap } from "@zcloud/events";
import type { RoleContext } from "@zcloud/service";
import * as z from "zod";
import { type App, whenHere } from "./answers.ts";
import { intentRoutes } from "./intent-routes.ts";
import { logRoutes } from "./log-routes.ts";
import { stackRoutes } from "./stack-routes.ts";

export interface RoutesOptions {
  readonly ctx: RoleContext;
  readonly admin: Pick<BusAdmin, "putStack" | "removeStack" | "putMap" | "putIntent" | "removeIntent" | "readEvents">;
}

const EventsQuery = z.object({
  since: z.union([z.iso.datetime(), z.coerce.number().int().min(0)]).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(200),
});

/** What zctl asks of a site: stacks, the map, events, endpoints. On the unix socket, for root only. */
export function routes(app: App, { ctx, admin }: RoutesOptions): void {
  const endpoints = { site: ctx.bus.replica("endpoints", "site"), peer: ctx.bus.replica("endpoints", "peer") };
  const maps = ctx.bus.replica("map", "site");

  stackRoutes(app, { ctx, admin });
  intentRoutes(app, { ctx, admin });
  logRoutes(app, ctx);

  app.post("/v1/map", async (request, reply) => {
    const parsed = SignedMap.safeParse(request.body);
    if (!parsed.success) return reply.code(422).send({ error: z.prettifyError(parsed.error) });
    const { generation } = parsed.data;
    const present = maps.entries().get("current");
    if (present !== undefined && present.generation > generation) {
      const error = `generation ${generation} is older than ${present.generation}, which the bus has; sign a newer one`;
      return reply.code(409).send({ error });
    }
    if (present?.generation === generation && present.signature === parsed.data.signature)
      return reply.code(200).send({ generation, changed: false });
    return whenHere(reply, async () => {
      await admin.putMap(parsed.data);
      return reply.code(202).send({ generation, changed: true });
    });
  });

  app.get("/v1/events", async (request, reply) => {
    const query = EventsQuery.safeParse(request.query);
    if (!query.success) return reply.code(400).send({ error: z.prettifyError(query.error) });
    const { since, limit } = query.data;
    const from = typeof since === "number" ? since : Date.parse(since);
    return whenHere(reply, async () => ({ events: await admin.readEvents(from, limit) }));
  });

  app.get("/v1/endpoints", () => {
    const of = ({ entries, age }: typeof endpoints.site) => ({ endpoints: [...entries().values()], age: age() });
    return { site: of(endpoints.site), peer: of(endpoints.peer) };
  });
}
