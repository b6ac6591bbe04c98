import { type HostEntry, siteOf, type ZMap } from "@zcloud/map";
import type { UpgradesDesired } from "./plan.ts";
import { renderApt, renderGuard, renderRecord, renderService, renderTimer, upgradePlaces } from "./render.ts";
import { onCalendar, scheduleOf } from "./schedule.ts";

export { createUpgrades } from "./daemon.ts";
export { upgradesMetrics } from "./metrics.ts";
export { upgradesProblems } from "./report.ts";

export function desiredUpgrades(map: ZMap, self: HostEntry, places = upgradePlaces): UpgradesDesired {
  const schedule = scheduleOf(map, self);
  // The witness goes down only while a site is there: two of three monitors are needed.
  const other = self.role === "witness" ? map.sites[0]?.name : siteOf(map, self.site).peer;
  const address = other === undefined ? undefined : siteOf(map, other).public.ipv4;
  const file = (content: string, mode = 0o644) => ({ content, mode });
  return {
    files: new Map([
      // A zcloud takes all its VMs with it: only its administrator boots it.
      [places.apt, file(renderApt(self.role === "zcloud" ? "never" : map.upgrades.reboot))],
      [`${places.scripts}/guard`, file(renderGuard(schedule, address), 0o755)],
      [`${places.scripts}/record`, file(renderRecord(places.state), 0o755)],
      [places.service, file(renderService(schedule, places))],
      [places.timer, file(renderTimer(onCalendar(schedule)))],
    ]),
  };
}
