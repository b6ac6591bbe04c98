import { RuntimeApiError } from "./errors.ts";
import type { Runtime } from "./runtime.ts";
import type { SlotState } from "./slots.ts";

/** Counters of HAProxy's own exporter (its names, without `haproxy_backend_`), and the column of `show stat` that each is. */
export const slotCounters = {
  http_requests_total: "req_tot",
  bytes_in_total: "bin",
  bytes_out_total: "bout",
  connection_errors_total: "econ",
  response_errors_total: "eresp",
  retry_warnings_total: "wretr",
  redispatch_warnings_total: "wredis",
} as const;
export const slotGauges = { current_sessions: "scur", current_queue: "qcur", active_servers: "act" } as const;
/** Label `code` of `http_responses_total` -> column. */
export const slotResponses = {
  "1xx": "hrsp_1xx",
  "2xx": "hrsp_2xx",
  "3xx": "hrsp_3xx",
  "4xx": "hrsp_4xx",
  "5xx": "hrsp_5xx",
  other: "hrsp_other",
} as const;

/** One backend of a slot that is in use. */
export interface SlotStats {
  /** `tenant/project/service`. */
  readonly endpoint: string;
  /** HAProxy's name: `e97` for the world's requests, `l97` for those that the peer's front hands over. */
  readonly proxy: string;
  /** Column of `show stat` -> number; what HAProxy leaves empty is 0. */
  number(column: string): number;
}

/** Slots that one command line asks for: HAProxy reads no more than 16 KiB at once, and others wait meanwhile. */
const together = 200;

/**
 * What HAProxy counted for every endpoint since its process began. Asks for slots in use only: the pool has thousands of
 * empty ones, which HAProxy's exporter would all write out. Nothing while HAProxy is away.
 */
export async function readSlotStats(runtime: Pick<Runtime, "send">, slots: SlotState): Promise<readonly SlotStats[]> {
  const wanted = Object.entries(slots.taken).flatMap(([endpoint, { slot }]) =>
    ["e", "l"].map((side) => ({ endpoint, proxy: `${side}${slot}` })),
  );
  const found: SlotStats[] = [];
  try {
    for (let from = 0; from < wanted.length; from += together) {
      const some = wanted.slice(from, from + together);
      // Types (management guide, 9.3, show stat): 2 is backend.
      const said = parseStats(await runtime.send(some.map(({ proxy }) => `show stat ${proxy} 2 -1`).join(";")));
      for (const one of some) {
        const number = said.get(one.proxy);
        if (number !== undefined) found.push({ ...one, number });
      }
    }
  } catch (error) {
    if (error instanceof RuntimeApiError) return [];
    throw error;
  }
  return found;
}

/** Answers of `show stat`, one after the other, each with its head: by proxy, the first line of each. */
export function parseStats(text: string): ReadonlyMap<string, SlotStats["number"]> {
  const found = new Map<string, SlotStats["number"]>();
  let columns: readonly string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("# ")) columns = line.slice(2).split(",");
    else {
      const [cells, of] = [line.split(","), columns];
      const proxy = cells[of.indexOf("pxname")] ?? "";
      if (cells.length < 2 || found.has(proxy)) continue;
      found.set(proxy, (column) => Number(cells[of.indexOf(column)] ?? 0) || 0);
    }
  }
  return found;
}
