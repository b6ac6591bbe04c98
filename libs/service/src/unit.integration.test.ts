import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { debian, tempDir } from "@zcloud/testing";
import { expect, test } from "vitest";
import { unitOfEverything } from "./unit.test-support.ts";
import { renderUnit } from "./unit.ts";

const analyze = (...args: readonly string[]) => {
  const [program, ...rest] = debian("/usr/bin/systemd-analyze", ...args);
  return spawnSync(program, rest, { encoding: "utf8" });
};

/** systemd-analyze calls this 3.5. */
const threshold = "--threshold=35";

test.each([
  ["without special needs", renderUnit("zstore")],
  ["with every special need", renderUnit("zpod", unitOfEverything)],
])("the sandbox of a role %s is rated 3.5 or better by the hosts' systemd", (_what, text) => {
  const path = join(tempDir(), "zcloud-role.service");
  writeFileSync(path, text);
  const { status, stdout, stderr } = analyze("security", "--offline=true", threshold, "--no-pager", path);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/Overall exposure level for zcloud-role\.service: [0-3]\.\d/);
  expect(status).toBe(0);
});

test("the rating notices a hole", () => {
  const path = join(tempDir(), "zcloud-role.service");
  writeFileSync(
    path,
    renderUnit("zstore").replace(/^(CapabilityBoundingSet|SystemCallFilter|Restrict|Protect).*\n/gm, ""),
  );
  expect(analyze("security", "--offline=true", threshold, "--no-pager", path).status).not.toBe(0);
});

test("the hosts' systemd knows every setting", () => {
  const path = join(tempDir(), "zcloud-zpod.service");
  // What the unit starts is not on this machine.
  const text = renderUnit("zpod", unitOfEverything).replace(/^ExecStart=.*$/m, "ExecStart=/bin/true");
  const complaints = (): string => {
    const { stdout, stderr } = analyze("verify", "--man=no", "--recursive-errors=no", path);
    return `${stdout}${stderr}`;
  };
  writeFileSync(path, text);
  expect(complaints()).not.toMatch(/zcloud-zpod\.service:\d+/);
  writeFileSync(path, text.replace("LockPersonality", "LockPersonalty"));
  expect(complaints()).toMatch(/zcloud-zpod\.service:\d+: Unknown key/);
});
