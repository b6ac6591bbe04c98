import { type HealthCode, type HealthTheme, type Urgency, urgencies } from "./health/code.ts";
import { data } from "./health/data.ts";
import { disks } from "./health/disks.ts";
import { elsewhere } from "./health/elsewhere.ts";
import { files } from "./health/files.ts";
import { managers } from "./health/managers.ts";
import { monitors } from "./health/monitors.ts";
import { room } from "./health/room.ts";

/** Every health code of Ceph 18.2; those of one urgency are told in this order. */
export const healthThemes: readonly HealthTheme[] = [disks, room, data, files, monitors, managers, elsewhere];

const known = new Map(healthThemes.flatMap(({ codes }) => Object.entries(codes)));
const places = new Map([...known.keys()].map((code, place) => [code, place]));

/** One of Ceph's complaints, as it said it. */
export interface CephCheck {
  readonly code: string;
  /** `HEALTH_OK`, `HEALTH_WARN`, `HEALTH_ERR`. */
  readonly severity: string;
  readonly message: string;
  /** The first lines of its detail, which name who; empty if there are none. */
  readonly detail: string;
  /** Somebody wants to hear no more of it (`ceph health mute`). */
  readonly muted: boolean;
}

/** A complaint, and what we know of it. */
export interface JudgedCheck {
  readonly check: CephCheck;
  readonly urgency: Urgency;
  /** Undefined: no release that we know says this. */
  readonly meaning: HealthCode | undefined;
}

/** Those that nobody muted, worst first. */
export function judgeChecks(checks: readonly CephCheck[]): readonly JudgedCheck[] {
  const judged = checks.filter(({ muted }) => !muted).map(judge);
  const rank = ({ check, urgency }: JudgedCheck) =>
    urgencies.indexOf(urgency) * 10_000 + (places.get(check.code) ?? 9_999);
  return judged.sort((a, b) => rank(a) - rank(b));
}

function judge(check: CephCheck): JudgedCheck {
  const meaning = known.get(check.code);
  if (meaning === undefined) return { check, meaning, urgency: check.severity === "HEALTH_ERR" ? "now" : "soon" };
  return { check, meaning, urgency: meaning.now?.test(check.message) === true ? "now" : meaning.urgency };
}
