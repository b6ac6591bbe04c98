import { readFileSync } from "node:fs";
import { hostOf, loadMap, peerSite, siteOf } from "@zcloud/map";
import { expect, test } from "vitest";
import { frontDoors } from "./doors.ts";

test("public and inside addresses of both fronts; our own front is asked directly, the other by its public address", () => {
  const loaded = loadMap(readFileSync(new URL("../../../deploy/maps/lab.yaml", import.meta.url), "utf8"), "lab.yaml");
  if (!loaded.ok) throw new Error("the lab's map is wrong");
  const { map } = loaded;
  const keys = { v: 1 as const, ca: "", acmeThumbprint: null, hosts: {} };
  const view = {
    generation: 1,
    map,
    keys,
    self: hostOf(map, "north/zfront"),
    site: siteOf(map, "north"),
    peer: peerSite(map, "north"),
  };
  const own = { host: "10.64.1.3", port: 80, own: true };
  const other = { host: "203.0.113.10", port: 80, own: false };
  expect([...frontDoors(view)]).toEqual([
    ["198.51.100.10", { ...own, inside: false }],
    ["10.64.1.3", { ...own, inside: true }],
    ["203.0.113.10", { ...other, inside: false }],
    ["10.64.2.3", { ...other, inside: true }],
  ]);
});
