import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadMap, witnessOf } from "@zcloud/map";
import { afterEach, beforeEach, expect, test } from "vitest";
import { renderSshConfig } from "./ssh-config.ts";
import { World } from "./world.test-support.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
let directory: string;
let world: World;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zctl-witness-"));
  writeFileSync(join(directory, "zcloud.keys.json"), JSON.stringify({ v: 1, ca, acmeThumbprint: null, hosts: {} }));
  world = new World(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const use = (name: string) => cpSync(join(repository, `deploy/maps/${name}.yaml`), join(directory, "zcloud.yaml"));

async function unknown(): Promise<Readonly<Record<string, string>>> {
  await world.zctl("plan", "--json");
  const { unknown: hosts } = JSON.parse(world.out) as { unknown: { host: string; kind: string }[] };
  return Object.fromEntries(hosts.map(({ host, kind }) => [host, kind]));
}

test("a witness out of reach is told of, and is no failure", async () => {
  use("lab-ceph");
  world.host("witness").script = { down: true };
  expect(await unknown()).toMatchObject({ witness: "unreachable" });
  await world.zctl("plan");
  expect(world.out).toMatch(/witness +not known: /);
});

test("without Ceph nobody asks the witness", async () => {
  use("lab");
  expect(Object.keys(await unknown())).not.toContain("witness");
  expect(world.hosts.has("witness")).toBe(false);
});

test("it is reached at its own address, through nobody, and zctl knows it by name", async () => {
  use("lab-ceph");
  await world.zctl("ssh", "witness", "hostname");
  expect(world.attached.join()).toMatch(/ witness -- hostname$/);
  const loaded = loadMap((await world.local.read(join(directory, "zcloud.yaml"))) ?? "", "zcloud.yaml");
  if (!loaded.ok) throw new Error("a bad map");
  const config = renderSshConfig(loaded.map, directory);
  expect(config).toContain(`Host witness\n  HostName ${witnessOf(loaded.map)?.address}\n  HostKeyAlias witness\n\n`);
});
