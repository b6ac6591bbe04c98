import type { Action } from "@zcloud/reconcile";

export interface TimezoneDesired {
  /** Where the link leads. */
  readonly zone: string;
}

export interface TimezoneObserved {
  /** Where it leads now; undefined: it is no link, or not there. */
  readonly zone: string | undefined;
}

export interface SetTimezone extends Action {
  readonly kind: "set-zone";
  readonly zone: string;
}

export function planTimezone({ zone }: TimezoneDesired, observed: TimezoneObserved): readonly SetTimezone[] {
  if (observed.zone === zone) return [];
  const change = observed.zone === undefined ? "+" : "~";
  const summary = `${observed.zone ?? "none"} -> ${zone}`;
  return [{ kind: "set-zone", change, subject: "time zone", summary, zone }];
}
