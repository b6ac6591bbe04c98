import type { RoleContext } from "@zcloud/service";
import { createSshd, desiredSshd, sshdProblems } from "../sshd/index.ts";

/** The operators' way in. */
export function sshPart(ctx: RoleContext) {
  const sshd = createSshd({ host: ctx.host, clock: ctx.clock });
  return {
    loop: ctx.loop({
      reconciler: sshd,
      desired: ({ map, self }) => desiredSshd(map, self),
      essential: false,
      resyncMs: 300_000,
    }),
    problems: () => sshdProblems(sshd.overridden(), sshd.certificateEnd(), ctx.clock.now()),
  };
}
