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

/**
 * What HAProxy counted for every endpoint since its process began. Asks for slots in use only: the pool has thousands of
 * empty ones, which HAProxy's exporter would all write out. Nothing while HAProxy is away.
 */
export async function readSlotStats(runtime: Runtime, slots: SlotState): Promise<readonly SlotStats[]> {
  const wanted = Object.entries(slots.taken).flatMap(([endpoint, { slot }]) =>
    ["e", "l"].map((side) => ({ endpoint, proxy: `${side}${slot}` })),
  );
  try {
    return await runtime.exclusive(async (send) => {
      const found: SlotStats[] = [];
      for (const { endpoint, proxy } of wanted) {
        // Types (management guide, 9.3, show stat): 2 is backend.
        const number = parseStat(await send(`show stat ${proxy} 2 -1`));
        if (number !== undefined) found.push({ endpoint, proxy, number });
      }
      return found;
    });
  } catch (error) {
    if (error instanceof RuntimeApiError) return [];
    throw error;
  }
}

/** The first line after the head, by column; undefined where there is none. */
export function parseStat(text: string): SlotStats["number"] | undefined {
  const [head = "", line] = text.split("\n");
  if (!head.startsWith("# ") || line === undefined || line === "") return undefined;
  const columns = head.slice(2).split(",");
  const cells = line.split(",");
  return (column) => Number(cells[columns.indexOf(column)] ?? 0) || 0;
}
