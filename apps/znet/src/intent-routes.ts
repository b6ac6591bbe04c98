import type { BusAdmin } from "@zcloud/bus";
import { Intent, keyOf } from "@zcloud/events";
import { allHosts, tenantOf, type ZMap } from "@zcloud/map";
import type { RoleContext } from "@zcloud/service";
import * as z from "zod";
import { type App, whenBack, whenHere } from "./answers.ts";

export interface IntentRoutesOptions {
  readonly ctx: RoleContext;
  readonly admin: Pick<BusAdmin, "putIntent" | "removeIntent">;
}

const Wish = z.strictObject({
  kind: z.enum(["drain", "maintenance"]),
  subject: z.string(),
  reason: z.string().max(200).default(""),
  actor: z.string().min(1).max(100),
});

/** Events of an intent: when it comes into force, and when it is taken back. */
const kinds = {
  drain: ["drain-began", "drain-ended"],
  maintenance: ["maintenance-began", "maintenance-ended"],
} as const;

/** What operators want of the traffic: drains and maintenance, as they are said, listed and taken back. */
export function intentRoutes(app: App, { ctx, admin }: IntentRoutesOptions): void {
  const intents = ctx.bus.replica("intents", "site");

  /** The intent that the body says, as of now; or what is wrong with it. */
  function read(body: unknown): { readonly intent: Intent } | { readonly error: string } {
    const wish = Wish.safeParse(body);
    if (!wish.success) return { error: z.prettifyError(wish.error) };
    const parsed = Intent.safeParse({ v: 1, ...wish.data, at: new Date(ctx.clock.now()).toISOString() });
    return parsed.success ? { intent: parsed.data } : { error: z.prettifyError(parsed.error) };
  }

  app.get("/v1/intents", () => ({ intents: [...intents.entries().values()], age: intents.age() }));

  app.post("/v1/intents", async (request, reply) => {
    const said = read(request.body);
    if ("error" in said) return reply.code(422).send(said);
    const { intent } = said;
    const unknown = notInMap(ctx.view().map, intent);
    if (unknown !== undefined) return reply.code(422).send({ error: unknown });
    const before = intents.entries().get(keyOf("intents", intent));
    // Said again, it is as old as it was.
    const value = before === undefined ? intent : { ...intent, at: before.at };
    return whenHere(reply, async () => {
      await whenBack(() => admin.putIntent(value));
      if (before === undefined) tell(intent, 0, intent.reason || "no reason was given");
      return reply.code(202).send({ intent: value, changed: before === undefined });
    });
  });

  app.delete("/v1/intents", async (request, reply) => {
    const said = read(request.body);
    if ("error" in said) return reply.code(422).send(said);
    const { intent } = said;
    const there = intents.entries().has(keyOf("intents", intent));
    return whenHere(reply, async () => {
      await whenBack(() => admin.removeIntent(intent));
      if (there) tell(intent, 1, intent.reason || "an operator took it back");
      return reply.code(202).send({ changed: there });
    });
  });

  function tell({ kind, subject, actor }: Intent, phase: 0 | 1, reason: string): void {
    ctx.event({ kind: kinds[kind][phase], level: "info", subject, reason, actor });
  }
}

/** Sites, hosts and tenants are the map's; whether there is such a server or stack, only hosts know. */
function notInMap(map: ZMap, { kind, subject }: Intent): string | undefined {
  const [first = "", second] = subject.split("/");
  if (kind === "maintenance") {
    return tenantOf(map, first) === undefined ? `the map has no tenant ${first}` : undefined;
  }
  if (second === undefined || allHosts(map).some(({ id }) => id === subject)) return undefined;
  return `the map has no host ${subject}`;
}
