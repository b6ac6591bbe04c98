import { expect, test } from "vitest";
import { mayCreate, mayResize, mayUse } from "./refusals.ts";
import type { Volume } from "./volume.ts";

const id = { tenant: "garden", stack: "wiki", volume: "pages" };
const volume: Volume = {
  ...{ id, size: 5e9, used: 2e9, createdAt: "2026-11-23T20:00:00Z", state: "ready", trashedAt: undefined },
  ...{ path: "/volumes/garden/garden.wiki.pages/0", snapshots: [], clients: [] },
};

test("new volumes are refused from 85 % on, before Ceph refuses every write", () => {
  expect(() => mayCreate(id, 1e9, { used: 84, total: 100 })).not.toThrow();
  expect(() => mayCreate(id, 1e9, undefined)).not.toThrow();
  expect(() => mayCreate(id, 1e9, { used: 87.9, total: 100 })).toThrow(
    "Ceph's disks are 87 % full: no new volumes from 85 %",
  );
  expect(() => mayCreate(id, 0, undefined)).toThrow(/no room at all/);
});

test("what lies in the trash is not replaced by an empty one", () => {
  expect(() => mayUse(volume)).not.toThrow();
  const trashed = { ...volume, trashedAt: "2026-11-22T08:00:00Z" };
  expect(() => mayUse(trashed)).toThrow("garden/wiki/pages lies in the trash since 2026-11-22T08:00:00Z");
  expect(() => mayUse({ ...volume, state: "copying" })).toThrow(/still being copied/);
  expect(() => mayUse({ ...volume, state: "broken" })).toThrow(/not whole/);
});

test("nothing is shrunk below what it holds", () => {
  expect(() => mayResize(volume, 2e9)).not.toThrow();
  expect(() => mayResize(volume, 2e9 - 1)).toThrow(/^garden\/wiki\/pages holds 1\.9.*G, which does not go into/);
});
