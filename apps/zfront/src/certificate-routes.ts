import type { Acme, Budget, CertificateState, DesiredCertificates, Retry } from "@zcloud/daemons/acme";
import type { RoleContext, RoleParts } from "@zcloud/service";
import * as z from "zod";

type App = Parameters<NonNullable<RoleParts["routes"]>>[0];

export interface CertificateRoutesOptions {
  readonly certificates: Pick<Acme, "states" | "retry" | "budgets">;
  readonly desired: () => Pick<DesiredCertificates, "directory" | "wanted">;
  readonly event: RoleContext["event"];
}

/** The ones with the least left. */
const mostBudgets = 20;

const Name = z.object({ name: z.string() });
const By = z.object({ actor: z.string().min(1).max(100).optional() });

/** Certificates as `zctl certificates` shows them, and an operator's wish for another attempt. */
export function certificateRoutes(app: App, { certificates, desired, event }: CertificateRoutesOptions): void {
  app.get("/v1/certificates", async () => ({
    certificates: (await certificates.states(desired())).map(shown),
    budgets: certificates.budgets(desired().directory).slice(0, mostBudgets).map(shownBudget),
  }));

  app.post("/v1/certificates/:name/retry", async (request, reply) => {
    const { name } = Name.parse(request.params);
    const { actor = "an operator" } = By.parse(request.query);
    const decided = await certificates.retry(name, desired());
    if (decided.kind === "now")
      event({ kind: "certificate-retry", level: "info", subject: name, reason: "asked for a new attempt", actor });
    return reply.code(statusOf[decided.kind]).send(answer(decided, name));
  });
}

/** 202 where an order is on its way; 409 where there is nothing to do; 429 for the authority's limit. */
const statusOf: Readonly<Record<Retry["kind"], number>> = {
  now: 202,
  ordering: 202,
  good: 409,
  forbidden: 429,
  unknown: 404,
};

function answer(decided: Retry, name: string): object {
  switch (decided.kind) {
    case "now":
    case "ordering":
      return { name, state: "ordering", lastErrorAt: decided.failedAt === undefined ? null : time(decided.failedAt) };
    case "good":
      return { name, state: "good", notAfter: time(decided.notAfter), error: `the certificate of ${name} is good` };
    case "forbidden": {
      const error = `the authority counts refusals and orders, and ${name} has used up its share; the next attempt is at ${time(decided.until)}`;
      return { name, state: "failing", nextAttempt: time(decided.until), error };
    }
    case "unknown":
      return { error: `this front serves no ${name}` };
  }
}

function shown({ name, names, state, held, failures, nextAt, why }: CertificateState) {
  const [failure] = failures;
  return {
    name,
    names,
    state,
    issuer: held?.issuer ?? null,
    notAfter: held === undefined ? null : time(held.notAfter),
    lastError:
      failure === undefined
        ? null
        : { kind: failure.kind, reason: failure.reason, at: time(failure.at), failures: failure.failures },
    failing: failures.map((one) => ({
      name: one.name,
      kind: one.kind,
      reason: one.reason,
      nextAttempt: time(one.nextAt),
    })),
    nextAttempt: time(nextAt),
    why,
  };
}

function shownBudget({ limit, of, most, left, moreAt }: Budget) {
  const moreAfter = moreAt === undefined ? null : time(moreAt);
  return { limit: limit.id, of, most, left, windowSeconds: limit.window / 1_000, moreAfter };
}

const time = (ms: number): string => new Date(ms).toISOString();
