import { readFileSync } from "node:fs";
import { loadMap, type ZMap } from "@zcloud/map";

export function labMap(): ZMap {
  const file = new URL("../../../deploy/maps/lab.yaml", import.meta.url);
  const loaded = loadMap(readFileSync(file, "utf8"), "lab.yaml");
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  return loaded.map;
}
