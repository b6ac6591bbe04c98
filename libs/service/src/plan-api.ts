import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { type MapView, viewMap } from "./map-view.ts";
import type { RoleLoop } from "./role.ts";

const Candidate = z.strictObject({ map: z.string(), keys: z.string() });

/** Observing everything may take this long, all loops together. */
const planTimeout = 30_000;

export interface PlanAnswer {
  readonly changes: readonly PlannedChange[];
  /** Loops whose state couldn't be read: their changes are unknown, not none. */
  readonly errors: readonly { readonly reconciler: string; readonly message: string }[];
}

export interface PlannedChange {
  readonly reconciler: string;
  readonly kind: string;
  readonly change: "+" | "~" | "-";
  readonly subject: string;
  readonly summary: string;
  readonly fate?: "kept" | "created" | "moved" | "trashed";
  readonly detail?: string;
}

/** What every loop would do for this view, without effects. */
export async function planAll(loops: readonly RoleLoop[], view: MapView, signal: AbortSignal): Promise<PlanAnswer> {
  const changes: PlannedChange[] = [];
  const errors: { reconciler: string; message: string }[] = [];
  for (const { loop, preview } of loops) {
    try {
      const actions = await preview(view, signal);
      // Only what is for people: the payload of an action may hold secrets.
      changes.push(...actions.map((action) => ({ reconciler: loop.name, ...shown(action) })));
    } catch (error) {
      errors.push({ reconciler: loop.name, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { changes, errors };
}

function shown(action: Omit<PlannedChange, "reconciler">): Omit<PlannedChange, "reconciler"> {
  const { kind, change, subject, summary, fate, detail } = action;
  return {
    kind,
    change,
    subject,
    summary,
    ...(fate === undefined ? {} : { fate }),
    ...(detail === undefined ? {} : { detail }),
  };
}

export interface PlanRoutes {
  readonly id: string;
  readonly loops: () => readonly RoleLoop[];
  readonly view: () => MapView | undefined;
}

export function planRoutes(app: FastifyInstance, { id, loops, view }: PlanRoutes): void {
  app.get("/v1/plan", async (_request, reply) => {
    const current = view();
    if (current === undefined) return reply.code(503).send({ error: "there is no map yet; run zctl apply" });
    return planAll(loops(), current, AbortSignal.timeout(planTimeout));
  });
  app.post("/v1/plan", async (request, reply) => {
    const body = Candidate.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ error: "the body must be { map, keys }, both texts" });
    const viewed = viewMap(0, body.data.map, body.data.keys, id);
    if (!viewed.ok) return reply.code(422).send({ problems: viewed.problems });
    return planAll(loops(), viewed.view, AbortSignal.timeout(planTimeout));
  });
}
