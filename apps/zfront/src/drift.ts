import { type DriftKind, driftKinds } from "@zcloud/daemons/haproxy";
import type { RoleContext } from "@zcloud/service";
import { Counter } from "prom-client";

/** Milliseconds in which further repairs are only counted. */
const oneEventPer = 60_000;

/** Counts what was repaired in the running HAProxy although nobody here had changed it, and tells people once a minute at most. */
export function driftReporter({
  metrics,
  clock,
  event,
}: Pick<RoleContext, "metrics" | "clock" | "event">): (kinds: readonly DriftKind[], subject: string) => void {
  const total = new Counter({
    name: "zcloud_haproxy_drift_total",
    help: "Repairs of what somebody else had changed in the running HAProxy.",
    labelNames: ["kind"],
    registers: [metrics],
  });
  for (const kind of driftKinds) total.inc({ kind }, 0);
  let saidAt = Number.NEGATIVE_INFINITY;
  return (kinds, subject) => {
    for (const kind of kinds) total.inc({ kind });
    if (Math.abs(clock.now() - saidAt) < oneEventPer) return;
    saidAt = clock.now();
    const reason = `${kinds.join(" and ")} in the running HAProxy was not as this service had left it; repaired without a reload`;
    event({ kind: "haproxy-drift-repaired", level: "warning", subject, reason });
  };
}
