import { steadyClock } from "@zcloud/reconcile";
import type { RoleContext } from "@zcloud/service";
import { clockMetrics, clockProblems, createChrony, desiredChrony, watchJumps, watchSkew } from "../chrony/index.ts";

/** Milliseconds between looks whether the clock was set, and between looks at chronyd while it measures. */
const soon = 5_000;
/** Milliseconds after which nobody to follow is nothing that passes in a moment. */
const measuring = 120_000;
/**
 * Forgets what was measured before and measures at once. Only chronyd's own socket takes that, and a service may not make
 * one beside it. chronyd alone may take a step forward for time that passed, and then trusts nobody for minutes.
 */
const measure = ["systemd-run", "--quiet", "--collect", "chronyc", "-m", "reset sources", "burst 4/4"];

/** The host's clock: kept by chrony, told of when it is wrong. */
export function clockPart(ctx: RoleContext) {
  const { id, role } = ctx.view().self;
  const skew = watchSkew(id);
  const passed = () => steadyClock.now();
  let followed = passed();
  const chrony = createChrony({
    host: ctx.host,
    clock: ctx.clock,
    seen: (report) => {
      if (report?.follows !== undefined && report.synchronised) followed = passed();
      const news = skew.look(report);
      if (news !== undefined) ctx.event(news);
    },
  });
  clockMetrics(ctx.metrics, chrony.report);
  const loop = ctx.loop({
    reconciler: chrony,
    desired: ({ map, self }) => desiredChrony(map, self),
    essential: false,
    resyncMs() {
      const since = passed() - followed;
      return since > soon && since < measuring ? soon : 30_000;
    },
  });
  const jumps = watchJumps(ctx.clock.now, passed);
  const looking = setInterval(() => {
    const by = jumps.look();
    if (by === undefined) return;
    ctx.log.warn({ seconds: by }, "the clock was set");
    // Left alone, chronyd asks when its turn comes, and knows in a minute.
    void ctx.host
      .run(measure, { timeout: 5_000 })
      .catch(() => undefined)
      .then(() => loop.loop.trigger("the clock was set"));
  }, soon);
  ctx.signal.addEventListener("abort", () => clearInterval(looking));
  return {
    loop,
    facts: () => {
      const { follows, stratum, offset = 0 } = chrony.report() ?? {};
      return { follows, stratum, offset: Math.round(offset * 1_000) / 1_000 };
    },
    problems: () => clockProblems(chrony.report(), role, followed, passed()),
  };
}
