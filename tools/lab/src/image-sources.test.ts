import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@zcloud/testing";
import { expect, test } from "vitest";
import { repository } from "./repository.ts";

/** What deploy/images/sources makes of a machine whose apt lists these indexes, `late` ones only after an update. */
function sources(indexes: string, env: Readonly<Record<string, string>> = {}, late = "") {
  const bin = tempDir();
  const updated = join(bin, "updated");
  const text = `#!/bin/sh
case $1 in
  update) touch ${updated} ;;
  indextargets) printf '%s' '${indexes}'; [ ! -e ${updated} ] || printf '%s' '${late}' ;;
esac
`;
  writeFileSync(join(bin, "apt-get"), text, { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync("sh", [`${repository}/deploy/images/sources`], {
    encoding: "utf8",
    env: { PATH: `${bin}:/usr/bin:/bin`, ...env },
  });
  return { status, lines: stdout.trim().split("\n"), stderr };
}

const bookworm = `bookworm-updates main http://mirror.example/debian/
bookworm-backports main http://backports.example/debian/
bookworm contrib http://contrib.example/debian/
bookworm main http://mirror.example/debian/
bookworm-security main http://security.example/debian-security/
`;

test.each([
  ["bookworm", bookworm],
  ["trixie", bookworm.replaceAll("bookworm", "trixie")],
])("the image comes as Debian 13 from where a %s machine gets its own packages", (_codename, indexes) => {
  expect(sources(indexes)).toEqual({
    status: 0,
    stderr: "",
    lines: [
      "deb http://mirror.example/debian trixie main",
      "deb http://mirror.example/debian trixie-updates main",
      "deb http://security.example/debian-security trixie-security main",
    ],
  });
});

test("a machine that never fetched package lists does it first", () => {
  expect(sources("", {}, bookworm).lines).toHaveLength(3);
});

test("no security archive is said, and is not made up", () => {
  const { status, lines, stderr } = sources("trixie main mirror+file:/etc/apt/mirrors/debian.list\n");
  expect(status).toBe(0);
  expect(lines).toEqual([
    "deb mirror+file:/etc/apt/mirrors/debian.list trixie main",
    "deb mirror+file:/etc/apt/mirrors/debian.list trixie-updates main",
  ]);
  expect(stderr).toMatch(/no security archive/);
});

test("a mirror may be named", () => {
  expect(sources(bookworm, { ZCLOUD_DEBIAN_MIRROR: "http://near.example/debian/" }).lines).toEqual([
    "deb http://near.example/debian trixie main",
    "deb http://near.example/debian trixie-updates main",
    "deb http://security.example/debian-security trixie-security main",
  ]);
});

test("apt without Debian is refused with a remedy", () => {
  const { status, stderr } = sources("");
  expect(status).toBe(78);
  expect(stderr).toMatch(/ZCLOUD_DEBIAN_MIRROR/);
});
