import { type BusAdmin, BusAwayError } from "@zcloud/bus";
import { SignedMap, type Stack } from "@zcloud/events";
import type { RoleContext, RoleParts } from "@zcloud/service";
import * as z from "zod";
import { acceptStack } from "./stacks.ts";

type App = Parameters<NonNullable<RoleParts["routes"]>>[0];

export interface RoutesOptions {
  readonly ctx: RoleContext;
  readonly admin: Pick<BusAdmin, "putStack" | "deleteStack" | "putMap" | "readEvents">;
}

/** An answer with a status other than 200. */
interface Refusal {
  code(status: number): { send(body: object): unknown };
}

const EventsQuery = z.object({
  since: z.union([z.iso.datetime(), z.coerce.number().int().min(0)]).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(200),
});
const StackName = z.object({ tenant: z.string(), project: z.string() });

/** What zctl asks of a site: stacks, the map, events, endpoints. On the unix socket, for root only. */
export function routes(app: App, { ctx, admin }: RoutesOptions): void {
  const stacks = ctx.bus.replica("stacks", "site");
  const endpoints = { site: ctx.bus.replica("endpoints", "site"), peer: ctx.bus.replica("endpoints", "peer") };
  const maps = ctx.bus.replica("map", "site");

  app.post("/v1/stacks", async (request, reply) => {
    const accepted = acceptStack(request.body, ctx.view().map, ctx.clock.now());
    if (!accepted.ok) return reply.code(422).send({ error: "the stack is refused", problems: accepted.problems });
    const { stack } = accepted;
    const subject = `${stack.tenant}/${stack.project}`;
    const present = stacks.entries().get(`${stack.tenant}.${stack.project}`);
    if (present?.digest === stack.digest && ctx.bus.connected())
      return reply.code(200).send({ digest: stack.digest, deployedAt: present.deployedAt, changed: false });
    return whenHere(reply, async () => {
      await admin.putStack(stack);
      const reason = present === undefined ? "new" : "its files changed";
      ctx.event({ kind: "stack-deployed", level: "info", subject, reason, actor: stack.actor });
      return reply.code(202).send({ digest: stack.digest, deployedAt: stack.deployedAt, changed: true });
    });
  });

  app.get("/v1/stacks", () => ({ stacks: [...stacks.entries().values()].map(summary), age: stacks.age() }));

  app.delete("/v1/stacks/:tenant/:project", async (request, reply) => {
    const { tenant, project } = StackName.parse(request.params);
    if (!stacks.entries().has(`${tenant}.${project}`))
      return reply.code(404).send({ error: `there is no stack ${tenant}/${project} at this site` });
    return whenHere(reply, async () => {
      await admin.deleteStack(tenant, project);
      const subject = `${tenant}/${project}`;
      ctx.event({ kind: "stack-removed", level: "info", subject, reason: "an operator removed it" });
      return reply.code(202).send({ removed: subject });
    });
  });

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

/** 503 with the remedy where the bus does not answer. */
async function whenHere<T>(reply: Refusal, work: () => Promise<T>): Promise<T | unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BusAwayError) return reply.code(503).send({ error: error.message });
    throw error;
  }
}

function summary({ tenant, project, digest, deployedAt, actor, files }: Stack) {
  return { tenant, project, digest, deployedAt, actor, files: Object.keys(files).sort() };
}
