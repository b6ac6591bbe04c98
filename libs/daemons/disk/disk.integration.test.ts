import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDisks } from "./daemon.ts";

const small = tempDir();
const signal = AbortSignal.timeout(20_000);

beforeAll(() => {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m,nr_inodes=100", "tmpfs", small]);
});
afterAll(() => {
  execFileSync("umount", ["--lazy", small]);
});

test("a file system that fills is seen to, by its bytes and by its inodes", async () => {
  const disks = createDisks({ host: new LocalHost() });
  const look = async () => (await disks.observe(signal)).find(({ place }) => place === small);
  expect((await look())?.used).toBeLessThan(0.1);
  writeFileSync(join(small, "ballast"), Buffer.alloc(7 * 2 ** 20));
  expect(await look()).toMatchObject({ used: expect.closeTo(0.875, 2), short: "bytes" });
  for (let index = 0; index < 95; index += 1) writeFileSync(join(small, String(index)), "");
  expect(await look()).toMatchObject({ used: expect.closeTo(0.97, 1), short: "inodes" });
  expect(disks.disks().map(({ place }) => place)).toContain("/");
});
