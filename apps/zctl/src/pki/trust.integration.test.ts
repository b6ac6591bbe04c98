import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { loadMap } from "@zcloud/map";
import { type Daemon, freePort, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSshd } from "../../../../libs/daemons/sshd/sshd.test-support.ts";
import { renderSshConfig } from "../ssh-config.ts";
import { World } from "../world.test-support.ts";

const base = tempDir("zc-trust-");
const at = (path: string) => join(base, path);
const local = new LocalHost();
const world = new World(base);
let daemon: Daemon;
let fingerprint: string;

beforeAll(async () => {
  mkdirSync(at("host/etc/ssh"), { recursive: true });
  const key = at("host/etc/ssh/ssh_host_ed25519_key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  fingerprint = execFileSync("ssh-keygen", ["-lf", `${key}.pub`], { encoding: "utf8" }).split(" ")[1] ?? "";
  const port = await freePort();
  daemon = await startSshd(at("host"), port);
  const text = readFileSync(new URL("../../../../deploy/maps/lab.yaml", import.meta.url), "utf8");
  writeFileSync(at("zcloud.yaml"), text);
  const loaded = loadMap(text, "lab.yaml");
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join());
  // As zctl writes it, but for where the host is.
  const here = `Host north/zcloud\n  HostName 127.0.0.1\n  Port ${port}\n`;
  writeFileSync(at("ssh_config"), `${here}${renderSshConfig(loaded.map, base)}`);
}, 60_000);

afterAll(() => daemon.stop("SIGKILL"));

test("trust says which key a new host shows, and trusts nothing by that", async () => {
  expect(await world.zctl("trust", "north/zcloud"), world.err).toBe(1);
  expect(world.out).toContain(`north/zcloud shows ${fingerprint}`);
  expect(existsSync(at("known_hosts"))).toBe(false);
});

test("another key than the one that was read at the console is refused", async () => {
  expect(await world.zctl("trust", "north/zcloud", `${fingerprint.slice(0, -1)}_`)).toBe(1);
  expect(world.err).toContain("nothing was changed");
  expect(existsSync(at("known_hosts"))).toBe(false);
});

test("the right one is trusted from then on, without a question; before, it was refused without one", async () => {
  const ssh = ["ssh", "-F", at("ssh_config"), "-o", "ControlPath=none", "north/zcloud", "true"];
  expect((await local.run(ssh)).stderr).toMatch(/requested strict checking/);
  expect(await world.zctl("trust", "north/zcloud", fingerprint), world.err).toBe(0);
  const key = readFileSync(at("host/etc/ssh/ssh_host_ed25519_key.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  expect(readFileSync(at("known_hosts"), "utf8")).toBe(`north/zcloud ${key}\n`);
  // Nobody's key is there: the host is known now, and it refuses us.
  expect((await local.run(ssh)).stderr).toMatch(/^root@127\.0\.0\.1: Permission denied \(publickey/m);
});
