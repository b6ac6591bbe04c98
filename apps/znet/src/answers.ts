import { BusAwayError } from "@zcloud/bus";
import type { RoleParts } from "@zcloud/service";

export type App = Parameters<NonNullable<RoleParts["routes"]>>[0];

/** An answer with a status other than 200. */
interface Refusal {
  code(status: number): { send(body: object): unknown };
}

/** 503 with the remedy where the bus does not answer. */
export async function whenHere<T>(reply: Refusal, work: () => Promise<T>): Promise<T | unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BusAwayError) return reply.code(503).send({ error: error.message });
    throw error;
  }
}
