import { readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { runPass } from "@zcloud/reconcile";
import { tempDir } from "@zcloud/testing";
import { expect, test } from "vitest";
import { createTimezone, utc } from "./index.ts";

test.each<[string, (link: string) => void, string]>([
  [
    "another zone",
    (link) => symlinkSync("/usr/share/zoneinfo/Europe/Berlin", link),
    "/usr/share/zoneinfo/Europe/Berlin -> ",
  ],
  ["none", () => {}, "none -> "],
  ["a copy of a zone", (link) => writeFileSync(link, "TZif"), "none -> "],
  ["a link to nowhere", (link) => symlinkSync("/nowhere", link), "/nowhere -> "],
])("the zone is UTC, whatever was there: %s", async (_, prepare, summary) => {
  const link = join(tempDir(), "localtime");
  prepare(link);
  const timezone = createTimezone({ host: new LocalHost(), link });
  const signal = AbortSignal.timeout(20_000);
  const pass = () => runPass(timezone, utc, { read: signal, write: signal });
  expect((await pass()).map((action) => action.summary)).toEqual([`${summary}${utc.zone}`]);
  expect(readlinkSync(link)).toBe("/usr/share/zoneinfo/Etc/UTC");
  expect(await pass()).toEqual([]);
});
