import { readFileSync } from "node:fs";
import { loadMap, type ZMap } from "@zcloud/map";
import { repository } from "./repository.ts";

/** The lab's own map. */
export const labMap: ZMap = load(readFileSync(`${repository}/deploy/maps/lab.yaml`, "utf8"));

/** The lab's map with one site left. */
export const oneSite: ZMap = load(
  readFileSync(`${repository}/deploy/maps/lab.yaml`, "utf8")
    .replace(/ {2}south:\n( {4}.*\n)+/, "")
    .replace(/^witness.*\n/m, ""),
);

function load(text: string): ZMap {
  const loaded = loadMap(text, "lab.yaml");
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  return loaded.map;
}
