import type { Step } from "./steps.ts";

/** What of a running HAProxy can be other than we left it. */
export const driftKinds = ["map", "server", "certificate", "crt-list"] as const;
export type DriftKind = (typeof driftKinds)[number];

/** What these commands repair. */
export function driftOf(steps: readonly Step[]): readonly DriftKind[] {
  const kinds = new Set(steps.map(({ command }) => kindOf(command.split(" ")[1] ?? "", command)));
  return driftKinds.filter((kind) => kinds.has(kind));
}

function kindOf(noun: string, command: string): DriftKind {
  if (noun === "map") return "map";
  if (noun === "ssl") return command.includes(" crt-list ") ? "crt-list" : "certificate";
  return "server";
}
