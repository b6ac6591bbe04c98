import type { StatusProblem } from "@zcloud/service";

/** How upgrades went, as of the last look; times in milliseconds since the epoch. */
export interface UpgradesReport {
  /** `success`, or systemd's word for why it failed (systemd.exec(5), $SERVICE_RESULT); undefined: never tried. */
  readonly result: string | undefined;
  readonly at: number | undefined;
  readonly success: number | undefined;
  /** Since when they are scheduled. */
  readonly since: number | undefined;
  /** Since when an upgrade waits for a boot. */
  readonly rebootRequired: number | undefined;
}

const day = 86_400_000;
/** Days: without a success for so long, at least two turns of the site were missed. */
const patience = 8;

/** Of the files that the unit's `record` leaves. */
export function parseRecord(last: string | undefined, success: string | undefined) {
  const [, result, at] = /^(\S+) (\d+)\n?$/.exec(last ?? "") ?? [];
  const [, good] = /^(\d+)\n?$/.exec(success ?? "") ?? [];
  const time = (seconds: string | undefined) => (seconds === undefined ? undefined : Number(seconds) * 1_000);
  return { result, at: time(at), success: time(good) };
}

export function upgradesProblems(report: UpgradesReport | undefined, now: number): readonly StatusProblem[] {
  if (report === undefined) return [];
  const { result, success, since = now, rebootRequired } = report;
  const problems: StatusProblem[] = [];
  const old = Math.floor((now - (success ?? since)) / day);
  const log = "zctl logs HOST --unit zcloud-upgrades.service says why";
  if (result !== undefined && result !== "success") {
    problems.push({
      what: `Debian's security upgrades failed here (${result}); tried again at this site's next turn`,
      remedy: log,
    });
  }
  if (old >= patience) {
    problems.push({
      what: `this host has had no security upgrades for ${old} d`,
      remedy: `is the other site up in the window? ${log}`,
    });
  }
  if (rebootRequired !== undefined) {
    const remedy = "boot it when the other site is up, or say upgrades: { reboot: in-window } in the map";
    problems.push({ what: "a security upgrade is in force only after this host boots anew", remedy });
  }
  return problems;
}
