import type { BusAdmin } from "@zcloud/bus";
import type { Stack } from "@zcloud/events";
import type { RoleContext } from "@zcloud/service";
import * as z from "zod";
import { type App, whenBack, whenHere } from "./answers.ts";
import { acceptStack, removalOf } from "./stacks.ts";

export interface StackRoutesOptions {
  readonly ctx: RoleContext;
  readonly admin: Pick<BusAdmin, "putStack" | "removeStack">;
}

const StackName = z.object({ tenant: z.string(), project: z.string() });
const By = z.object({ actor: z.string().min(1).max(100).optional() });
/** What a zpod or zmah says of its stacks (libs/daemons/podman, report.ts), as far as it is read here. */
const ContainerFacts = z.looseObject({ stacks: z.array(z.looseObject({ stack: z.string() })) });

/** Stacks as operators send, list and remove them. */
export function stackRoutes(app: App, { ctx, admin }: StackRoutesOptions): void {
  const stacks = ctx.bus.replica("stacks", "site");
  const statuses = ctx.bus.replica("status", "site");

  function live(tenant: string, project: string): Stack | undefined {
    const key = `${tenant}.${project}`;
    const entry = stacks.entries().get(key);
    return entry === undefined || entry.removed === true || stacks.invalid().has(key) ? undefined : entry;
  }

  /** Whether some host has it, whatever the bucket says. */
  function held(stack: string): boolean {
    return [...statuses.entries().values()].some(({ facts }) => {
      const parsed = ContainerFacts.safeParse(facts);
      return parsed.success && parsed.data.stacks.some((one) => one.stack === stack);
    });
  }

  app.post("/v1/stacks", async (request, reply) => {
    const accepted = acceptStack(request.body, ctx.view().map, ctx.clock.now());
    if (!accepted.ok) return reply.code(422).send({ error: "the stack is refused", problems: accepted.problems });
    const { stack } = accepted;
    const subject = `${stack.tenant}/${stack.project}`;
    const present = live(stack.tenant, stack.project);
    const { digest, deployedAt } = stack;
    const changed = present?.digest !== digest;
    return whenHere(reply, async () => {
      const value = { ...stack, since: present?.since ?? present?.deployedAt ?? deployedAt };
      await whenBack(() => admin.putStack(value));
      const reason = present === undefined ? "new" : changed ? "its files changed" : "the same files again";
      ctx.event({ kind: "stack-deployed", level: "info", subject, reason, actor: stack.actor });
      return reply.code(202).send({ digest, deployedAt, changed });
    });
  });

  app.get("/v1/stacks", () => {
    const entries = [...stacks.entries().values()];
    return {
      stacks: entries.filter((entry) => entry.removed !== true).map(summary),
      removed: entries.filter((entry) => entry.removed === true),
      unreadable: Object.fromEntries(stacks.invalid()),
      age: stacks.age(),
    };
  });

  app.delete("/v1/stacks/:tenant/:project", async (request, reply) => {
    const { tenant, project } = StackName.parse(request.params);
    const { actor = "an operator" } = By.parse(request.query);
    const subject = `${tenant}/${project}`;
    const key = `${tenant}.${project}`;
    const entry = stacks.entries().get(key);
    const gone = entry?.removed === true && !stacks.invalid().has(key);
    if (gone || (entry === undefined && !stacks.invalid().has(key) && !held(subject)))
      return reply.code(404).send({ error: `there is no stack ${subject} at this site` });
    const mark = removalOf({ tenant, project, actor }, ctx.clock.now());
    if (mark === undefined) return reply.code(422).send({ error: `${subject} is no name of a stack` });
    return whenHere(reply, async () => {
      await whenBack(() => admin.removeStack(mark));
      ctx.event({ kind: "stack-removed", level: "info", subject, reason: "an operator removed it", actor });
      return reply.code(202).send({ removed: subject });
    });
  });
}

function summary({ tenant, project, digest, deployedAt, actor, files }: Stack) {
  return { tenant, project, digest, deployedAt, actor, files: Object.keys(files).sort() };
}
