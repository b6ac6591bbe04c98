import { keyOfService, placeNames, type Route } from "./routes.ts";
import type { SlotState } from "./slots.ts";

/** Whose a backend of HAProxy's is: its exporter knows slots only. */
export interface SlotInfo {
  /** HAProxy's name: `e97` for the world's requests, `l97` for those that the peer's front hands over. */
  readonly proxy: string;
  readonly tenant: string;
  readonly stack: string;
  readonly service: string;
  /** The first of what leads there: `wiki.example.net/api`, `port 25`. One each, so that a query can join by `proxy`. */
  readonly name: string;
}

/** Of the slots that are in use, and no others: two for each route. */
export function slotInfos({ taken }: Pick<SlotState, "taken">, routes: readonly Route[]): readonly SlotInfo[] {
  const known = new Map(routes.map((route) => [route.key, route]));
  return Object.entries(taken).flatMap(([key, { slot }]) => {
    const [tenant = "", stack = "", service = ""] = keyOfService(key).split("/");
    const route = known.get(key);
    const name = route === undefined ? "" : (placeNames(route)[0] ?? "");
    return ["e", "l"].map((side) => ({ proxy: `${side}${slot}`, tenant, stack, service, name }));
  });
}
