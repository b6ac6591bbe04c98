import type { Bus } from "@zcloud/bus";
import type { Event } from "@zcloud/events";
import type { Clock } from "@zcloud/reconcile";
import type { Logger } from "pino";
import type { NewEvent } from "./role.ts";

export interface EventSink {
  /** Logs it and publishes it; before there is a bus, it is kept for it. */
  event(happened: NewEvent): void;
  attach(bus: Bus): void;
}

/** What may happen before the bus is there, e.g. refused maps. */
const earlyLimit = 100;

export function createEventSink(id: string, clock: Clock, log: Logger): EventSink {
  const early: Event[] = [];
  let bus: Bus | undefined;
  return {
    event(happened) {
      const { kind, subject, reason, level } = happened;
      log[level === "warning" ? "warn" : level]({ kind, subject, reason }, "event");
      const whole: Event = { v: 1, at: new Date(clock.now()).toISOString(), host: id, actor: id, ...happened };
      if (bus !== undefined) bus.publish(whole);
      else if (early.length < earlyLimit) early.push(whole);
    },
    attach(joined) {
      bus = joined;
      for (const whole of early.splice(0)) joined.publish(whole);
    },
  };
}
