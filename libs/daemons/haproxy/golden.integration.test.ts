import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestCa, debian } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { goldenFronts } from "./golden.test-support.ts";
import { frontMaps, mapNames, mapText } from "./maps.ts";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "zcloud-golden-"));
  mkdirSync(join(directory, "maps"));
  const { ca, cert, key } = createTestCa(join(directory, "ca"))("zfront", "DNS:zfront");
  writeFileSync(join(directory, "ca.crt"), ca);
  writeFileSync(join(directory, "host.crt"), cert);
  writeFileSync(join(directory, "host.key"), key);
  writeFileSync(join(directory, "placeholder.pem"), cert + key);
  writeFileSync(join(directory, "crt.list"), "");
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each(goldenFronts())("HAProxy itself finds golden/$name.cfg good, without a warning", ({ name, placed }) => {
  const maps = frontMaps(placed);
  for (const map of mapNames) writeFileSync(join(directory, "maps", `${map}.map`), mapText(maps[map]));
  const text = readFileSync(new URL(`golden/${name}.cfg`, import.meta.url), "utf8")
    .replaceAll(/\/etc\/haproxy\/|\/etc\/zcloud\/pki\/|\/var\/lib\/zcloud\/zfront\//g, `${directory}/`)
    .replaceAll(/^ {4}(user|group|chroot) .*\n/gm, "");
  const path = join(directory, "haproxy.cfg");
  writeFileSync(path, text);
  const [program, ...args] = debian("/usr/sbin/haproxy", "-c", "-V", "-dW", "-f", path);
  expect(execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })).toContain(
    "Configuration file is valid",
  );
});
