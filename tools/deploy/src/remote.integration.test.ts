import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost, type RunResult } from "@zcloud/host";
import { tempDir } from "@zcloud/testing";
import { beforeEach, expect, test } from "vitest";
import { scripts } from "./remote.ts";

let root: string;
let unit: string;
let calls: string;

/** As the real one, as far as the scripts ask; notes what it was asked. */
const systemctl = `#!/bin/sh
echo "$*" >> "$(dirname "$0")/../calls"
case "$*" in
  "is-active"*) [ -e "$(dirname "$0")/../active" ] ;;
  "show -P InvocationID"*) echo 0123abc ;;
  "show -p"*) printf 'NRestarts=0\\nInvocationID=0123abc\\nActiveState=active\\n' ;;
  "reset-failed"*) echo "not loaded" >&2; exit 1 ;;
esac
`;

const curl = `#!/bin/sh
printf '{"ready":true}\\n200'
`;

beforeEach(() => {
  const directory = tempDir();
  root = join(directory, "znet");
  unit = join(directory, "zcloud-znet.service");
  calls = join(directory, "calls");
  mkdirSync(join(directory, "bin"));
  for (const [name, text] of Object.entries({ systemctl, curl }))
    writeFileSync(join(directory, "bin", name), text, { mode: 0o755 });
  for (const version of ["one", "two", "three"]) {
    mkdirSync(join(root, "releases", version), { recursive: true });
    writeFileSync(join(root, "releases", version, "zcloud-znet.service"), `[Unit]\n# ${version}\n`);
  }
});

function run(script: string, ...args: readonly string[]): Promise<RunResult> {
  const PATH = `${join(root, "..", "bin")}:${process.env["PATH"]}`;
  return new LocalHost().run(["sh", "-c", script, "sh", ...args], { env: { PATH } });
}

const link = (name: string): string => readlinkSync(join(root, name));

test("a host on which nothing was ever deployed", async () => {
  const seen = await run(scripts.look, join(root, "none"), "zcloud-znet.service", unit);
  expect(seen).toMatchObject({ status: 0, stdout: "\ninactive\n" });
});

test("a release becomes the current one, with its unit, and is started without waiting", async () => {
  const did = await run(scripts.activate, root, "one", "znet", unit);
  expect(did).toMatchObject({ status: 0, stderr: "" });
  expect(did.stdout).toMatch(/^\d{10,}\n0123abc\n$/);
  expect(link("current")).toBe("releases/one");
  expect(readFileSync(unit, "utf8")).toBe("[Unit]\n# one\n");
  expect(readFileSync(calls, "utf8").trim().split("\n")).toEqual([
    "enable --quiet zcloud-znet.service",
    "reset-failed zcloud-znet.service",
    "show -P InvocationID zcloud-znet.service",
    "restart --no-block zcloud-znet.service",
  ]);
  writeFileSync(join(root, "..", "active"), "");
  const seen = await run(scripts.look, root, "zcloud-znet.service", unit);
  expect(seen.stdout).toBe("releases/one\nactive\n[Unit]\n# one\n");
});

test("a release that is not there changes nothing", async () => {
  await run(scripts.activate, root, "one", "znet", unit);
  const did = await run(scripts.activate, root, "four", "znet", unit);
  expect(did.status).not.toBe(0);
  expect(link("current")).toBe("releases/one");
  expect(readFileSync(unit, "utf8")).toBe("[Unit]\n# one\n");
});

test("what is neither current nor previous goes; the previous one stays when nothing comes before", async () => {
  await run(scripts.activate, root, "two", "znet", unit);
  expect(await run(scripts.finish, root, "one")).toMatchObject({ status: 0, stderr: "" });
  expect(link("previous")).toBe("releases/one");
  expect(readdirSync(join(root, "releases")).sort()).toEqual(["one", "two"]);
  expect(await run(scripts.finish, root, "")).toMatchObject({ status: 0, stderr: "" });
  expect(link("previous")).toBe("releases/one");
  expect(existsSync(join(root, "previous.new"))).toBe(false);
});

test("a first release has nothing before it", async () => {
  await run(scripts.activate, root, "three", "znet", unit);
  expect(await run(scripts.finish, root, "")).toMatchObject({ status: 0, stderr: "" });
  expect(readdirSync(join(root, "releases"))).toEqual(["three"]);
  expect(existsSync(join(root, "previous"))).toBe(false);
});

test("state and answer are told apart", async () => {
  const polled = await run(scripts.poll, "zcloud-znet.service", "/run/zcloud/znet.sock");
  expect(polled.stdout).toBe('NRestarts=0\nInvocationID=0123abc\nActiveState=active\n\n{"ready":true}\n200');
});
