import type { ZMap } from "@zcloud/map";
import type { Invocation } from "./invocation.ts";

/** Who is named in the events: the map's only operator, or the person at this machine. */
export function actorOf(it: Invocation, map: ZMap): string {
  const [only, ...more] = map.operators;
  if (only !== undefined && more.length === 0) return only.name;
  return it.ports.env["SUDO_USER"] ?? it.ports.env["USER"] ?? "operator";
}
