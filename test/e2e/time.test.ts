import { allHosts } from "@zcloud/map";
import { beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

let bed: Testbed;

beforeAll(async () => {
  bed = await openTestbed();
});

const tracking = async (host: string) => {
  const { stdout } = await bed.sh(host, ["chronyc", "-h", "127.0.0.1", "-c", "-n", "tracking"]);
  const [, server, stratum] = stdout.split(",");
  return `${server} ${stratum}`;
};

test("every VM follows its site's znet, which follows the world; the world's servers answer every VM too", async () => {
  for (const { id, role, site } of allHosts(bed.map)) {
    if (role === "zcloud") continue;
    const znet = bed.map.sites.find(({ name }) => name === site)?.hosts.find((host) => host.role === "znet");
    const wanted = role === "znet" ? "192.0.2.53 2" : `${znet?.address} 3`;
    await eventually(
      `${id} follows`,
      120,
      () => tracking(id),
      (said) => said === wanted,
    );
    const { stdout } = await bed.sh(id, ["chronyc", "-h", "127.0.0.1", "-c", "-n", "sources"]);
    for (const line of stdout.trim().split("\n")) expect(line, id).toMatch(/^\^,[*+-],/);
  }
});

test("nobody but znet serves time, and znet not to the world", async () => {
  for (const host of ["north/zfront", "north/zpod1", "south/zmah1"]) {
    const { stdout } = await bed.script(host, "ss -Hlun 'sport = :123'\n");
    expect(stdout, host).toBe("");
  }
  const { stdout } = await bed.script("north/znet", "ss -Hlun 'sport = :123' | awk '{print $4}'\n");
  expect(stdout).toBe("10.64.1.2:123\n");
});

test("the agent's numbers are chronyd's", async () => {
  const metrics = await eventually(
    "zpod's agent has looked, which it does every 30 s",
    90,
    () => bed.agent("north/zpod1", "/metrics"),
    ({ stdout }) => stdout.includes("zcloud_clock_stratum 3\n"),
  );
  expect(metrics.stdout).toContain("zcloud_clock_synchronised 1\n");
  expect(metrics.stdout).toMatch(/zcloud_clock_source_answered\{server="10\.64\.1\.2"\} [1-8]\n/);
  expect(metrics.stdout).toMatch(/zcloud_clock_offset_seconds -?[\d.e-]+\n/);
});
