import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestCa, debian } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { slotClassNames } from "./classes.ts";
import { goldenFronts } from "./golden.test-support.ts";
import { frontMaps, mapNames } from "./maps.ts";
import { renderConfig } from "./render.ts";

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

/** What HAProxy's own check says of a configuration as it would stand on a front. */
function check(config: string): string {
  const text = config
    .replaceAll(/\/etc\/haproxy\/|\/etc\/zcloud\/pki\/|\/var\/lib\/zcloud\/zfront\//g, `${directory}/`)
    .replaceAll(/^ {4}(user|group|chroot) .*\n/gm, "");
  const path = join(directory, "haproxy.cfg");
  writeFileSync(path, text);
  const [program, ...args] = debian("/usr/sbin/haproxy", "-c", "-V", "-dW", "-f", path);
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

test("HAProxy itself finds every class of slot good, without a warning", () => {
  const [front] = goldenFronts();
  if (front === undefined) throw new Error("there is no golden front");
  for (const map of mapNames) writeFileSync(join(directory, "maps", `${map}.map`), "");
  const all = new Map(slotClassNames.map((name, index) => [index + 1, name]));
  expect(all.size).toBe(54);
  expect(check(renderConfig(front.settings, all, [], []).text)).toContain("Configuration file is valid");
});

test.each(goldenFronts())("HAProxy itself finds golden/$name.cfg good, without a warning", ({ name, placed }) => {
  const { texts } = frontMaps(placed);
  for (const map of mapNames) writeFileSync(join(directory, "maps", `${map}.map`), texts[map]);
  expect(check(readFileSync(new URL(`golden/${name}.cfg`, import.meta.url), "utf8"))).toContain(
    "Configuration file is valid",
  );
});
