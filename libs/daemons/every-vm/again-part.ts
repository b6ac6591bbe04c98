import { mustRun } from "@zcloud/host";
import type { RoleContext } from "@zcloud/service";
import { backToPath, lookAgain, senderPlaces } from "../rsyslog/index.ts";

/** Milliseconds between looks. */
const period = 10_000;

/**
 * Has lines sent again that znet's machine may have lost with its power: it acknowledges what is in its kernel's cache.
 * @param held nobody may start the sender now
 */
export function sendAgain(ctx: RoleContext, held: () => boolean): void {
  const { host, signal } = ctx;
  const options = {
    host,
    now: () => ctx.clock.now(),
    cursor: `${senderPlaces.state}/journal.cursor`,
    kept: `${ctx.paths.state}/log-sent.json`,
    backTo: backToPath(senderPlaces),
    server: () => ctx.bus.server(),
    async restart() {
      await mustRun(host, ["systemctl", "restart", senderPlaces.unit], signal);
    },
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking || held()) return;
    looking = true;
    lookAgain(options)
      .then((again) => {
        if (again) ctx.log.info("znet was started anew; what it was sent in its last minute is sent again");
      })
      .catch((error: unknown) => ctx.log.warn({ error: String(error) }, "see what znet's disk has of the journal"))
      .finally(() => {
        looking = false;
      });
  }, period);
  signal.addEventListener("abort", () => clearInterval(timer));
}
