import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createUserKey } from "@zcloud/bus";
import { createTestCa, debian } from "@zcloud/testing";
import { afterAll, expect, test } from "vitest";
import { goldenKeys } from "./golden.test-support.ts";
import { moveTo, productionPlaces, renderLeafKey, renderNats } from "./render.ts";
import { testMap } from "./two-sites.test-support.ts";

const root = mkdtempSync(join(tmpdir(), "zc-nats-golden-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each(["north", "south"])("%s: nats-server itself accepts the golden configuration", async (site) => {
  const golden = new URL(`golden/${site}.conf`, import.meta.url);
  const rendered = renderNats(testMap(), goldenKeys(testMap()), site);
  await expect(rendered).toMatchFileSnapshot(golden.pathname);
  const { ca, cert, key } = createTestCa(join(root, site))("znet", "IP:127.0.0.1");
  const files = { "ca.crt": ca, "host.crt": cert, "host.key": key, "leaf.conf": renderLeafKey(createUserKey().seed) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, site, name), text);
  const config = join(root, site, "nats-server.conf");
  writeFileSync(config, moveTo(rendered, productionPlaces.directory, join(root, site)));
  const [program, ...args] = debian("/usr/sbin/nats-server", "-t", "-c", config);
  expect(() => execFileSync(program, args, { stdio: "pipe" })).not.toThrow();
});
