import * as z from "zod";
import { StackReport } from "./stack-report.ts";

/** A route as a front tells it: GET /v1/routes (libs/daemons/haproxy, view.ts). */
export const Route = z.looseObject({
  names: z.array(z.string()),
  /** `garden/wiki:web`. */
  endpoint: z.string(),
  /** What comes; fronts of an older version don't say it. */
  kind: z.enum(["http", "tcp", "passthrough"]).default("http"),
  /** Site whose servers answer this front's visitors now; absent: nobody. */
  servedBy: z.string().optional(),
  servers: z.array(z.looseObject({ name: z.string(), host: z.string(), state: z.string() })),
  certificate: z.looseObject({ name: z.string(), until: z.string().optional() }),
});
export type Route = z.infer<typeof Route>;
export const Routes = z.looseObject({ routes: z.array(Route) });

/** What fronts put into their status: the same in short. */
export const FrontFacts = z.looseObject({
  routes: z.array(
    z.looseObject({
      names: z.array(z.string()),
      endpoint: z.string(),
      kind: z.enum(["http", "tcp", "passthrough"]).default("http"),
      servedBy: z.string().optional(),
      drained: z.boolean().optional(),
    }),
  ),
  intents: z
    .array(
      z.looseObject({ kind: z.string(), subject: z.string(), reason: z.string(), actor: z.string(), at: z.string() }),
    )
    .default([]),
  certificates: z.array(z.looseObject({ name: z.string(), until: z.string() })),
});
export type FrontFacts = z.infer<typeof FrontFacts>;

/** What hosts of containers put into theirs. `placement`: `both`, or the home. */
export const ContainerFacts = z.looseObject({ stacks: z.array(StackReport.extend({ placement: z.string() })) });
