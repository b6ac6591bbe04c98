import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DiskContent, type DiskLook, judgeDisk } from "./disk.ts";
import { diskUuid } from "./disks.ts";
import { planDisks } from "./plan-disks.ts";

const fsid = "11111111-2222-4333-8444-555555555555";
const uuid = diskUuid(fsid, "north", "/dev/disk/by-id/virtio-zceph0");
const blank: DiskLook = { exists: true, label: undefined, signatures: "", zeros: true };
const whole = { osd_uuid: uuid, ceph_fsid: fsid, whoami: "3", mkfs_done: "yes", ready: "ready" };
const label = (change: object) => JSON.stringify({ "/dev/vdb": { ...whole, ...change } });
const judge = (look: Partial<DiskLook>) => judgeDisk({ ...blank, ...look }, fsid, uuid);

describe("a disk", () => {
  test.each<[string, Partial<DiskLook>, DiskContent]>([
    ["is not there", { exists: false }, { kind: "missing" }],
    ["is empty", {}, { kind: "empty" }],
    ["is empty, says wipefs in other words", { signatures: '{"signatures": []}' }, { kind: "empty" }],
    ["is ours", { label: label({}) }, { kind: "ours", uuid, id: 3 }],
    ["came from another of our hosts", { label: label({ osd_uuid: "other" }) }, { kind: "ours", uuid: "other", id: 3 }],
    ["was begun by us", { label: JSON.stringify({ x: { osd_uuid: uuid } }) }, { kind: "begun", uuid }],
    ["has a file system", { signatures: '{"signatures":[{"type":"ext4"}]}' }, { kind: "foreign", what: "ext4" }],
    [
      "has partitions",
      { signatures: '{"signatures":[{"type":"gpt"},{"type":"gpt"},{"type":"PMBR"}]}' },
      { kind: "foreign", what: "gpt, PMBR" },
    ],
    ["has bytes that nobody knows", { zeros: false }, { kind: "foreign", what: "data without a known signature" }],
    [
      "is another cluster's",
      { label: label({ ceph_fsid: "other", osd_uuid: "other" }) },
      { kind: "foreign", what: "an OSD of another cluster (other)" },
    ],
    [
      "was begun by somebody else",
      { label: JSON.stringify({ x: { osd_uuid: "other" } }) },
      { kind: "foreign", what: "an OSD of another cluster (unfinished)" },
    ],
    ["has a label that can't be read", { label: "{" }, { kind: "foreign", what: "an OSD's label that can't be read" }],
  ])("%s", (_, look, content) => {
    expect(judge(look)).toEqual(content);
  });

  test("whatever programs say: only zeros without a signature, or what we began, is ever written to", () => {
    const text = fc.option(fc.oneof(fc.string(), fc.json()), { nil: undefined });
    const look = fc.record({
      exists: fc.boolean(),
      label: text,
      signatures: fc.oneof(fc.string(), fc.json()),
      zeros: fc.boolean(),
    });
    fc.assert(
      fc.property(look, (one) => {
        const content = judge(one);
        if (content.kind === "empty") expect(one).toMatchObject({ exists: true, label: undefined, zeros: true });
        if (content.kind === "begun") expect(one.label).toContain(uuid);
      }),
    );
  });
});

test("nothing is made on a disk that is foreign, missing or in use; without a quorum nothing is made at all", () => {
  const disk = { path: "/dev/vdb", size: undefined };
  const kinds = (content: DiskContent, quorum = true) =>
    planDisks(quorum, [{ disk, content, uuid, attached: false, running: false }]).map(({ kind }) => kind);
  expect(kinds({ kind: "foreign", what: "ext4" })).toEqual([]);
  expect(kinds({ kind: "missing" })).toEqual([]);
  expect(kinds({ kind: "empty" })).toEqual(["make-osd"]);
  expect(kinds({ kind: "begun", uuid })).toEqual(["make-osd"]);
  expect(kinds({ kind: "ours", uuid, id: 3 })).toEqual(["attach-osd", "start-osd"]);
  expect(kinds({ kind: "empty" }, false)).toEqual([]);
  expect(kinds({ kind: "ours", uuid, id: 3 }, false)).toEqual([]);
});

test("a disk's UUID is its own, and the same each time", () => {
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const others = [diskUuid(fsid, "south", "/dev/disk/by-id/virtio-zceph0"), diskUuid(fsid, "north", "/dev/vdb")];
  expect(new Set([uuid, ...others]).size).toBe(3);
});
