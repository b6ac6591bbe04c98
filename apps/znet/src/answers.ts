import { BusAwayError } from "@zcloud/bus";
import type { RoleParts } from "@zcloud/service";

export type App = Parameters<NonNullable<RoleParts["routes"]>>[0];

/** An answer with a status other than 200. */
interface Refusal {
  code(status: number): { send(body: object): unknown };
}

/** Milliseconds between attempts: a bus that starts, or comes back, is there within a few seconds. */
const waits = [250, 500, 1_000, 2_000, 3_000] as const;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** 503 with the remedy where the bus does not answer. */
export async function whenHere<T>(reply: Refusal, work: () => Promise<T>): Promise<T | unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BusAwayError) return reply.code(503).send({ error: error.message });
    throw error;
  }
}

/** Does `work`, which may be done twice, as soon as the bus takes it, within seven seconds; then it fails as `work` does. */
export async function whenBack<T>(work: () => Promise<T>, sleep = pause): Promise<T> {
  for (const wait of waits) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BusAwayError)) throw error;
    }
    await sleep(wait);
  }
  return work();
}
