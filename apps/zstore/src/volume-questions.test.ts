import { readFileSync } from "node:fs";
import { loadMap } from "@zcloud/map";
import { expect, test } from "vitest";
import { mayHave } from "./volume-questions.ts";

const text = readFileSync(new URL("../../../deploy/maps/lab.yaml", import.meta.url), "utf8");
const loaded = loadMap(text.replace("  demo:\n", "  demo:\n    volumes: 10G\n"), "lab.yaml");
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const { map } = loaded;
const GiB = 2 ** 30;
const id = (volume: string, tenant = "demo") => ({ tenant, stack: "notes", volume });
const volume = (name: string, size: number, trashedAt?: string) => ({ id: id(name), size, trashedAt });

test("a tenant has no more volumes than the map gives it; the same volume counts once, the trash not at all", () => {
  const all = [volume("a", 6 * GiB), volume("b", 3 * GiB), volume("old", 8 * GiB, "2026-11-20T14:00:00Z")];
  expect(() => mayHave(map, id("c"), GiB, all)).not.toThrow();
  expect(() => mayHave(map, id("b"), 4 * GiB, all)).not.toThrow();
  expect(() => mayHave(map, id("c"), GiB + 1, all)).toThrow(
    /^with demo\/notes\/c the volumes of tenant demo would take 10.*G \(it has 10G\)$/,
  );
  expect(() => mayHave(map, id("a"), 8 * GiB, all)).toThrow(/it has 10G/);
  expect(() => mayHave(map, id("c", "nobody"), GiB, all)).toThrow("there is no tenant nobody in the map");
});
