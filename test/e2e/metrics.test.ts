import { beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
}
interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

let bed: Testbed;
beforeAll(async () => {
  bed = await openTestbed();
});

/** Asks the Prometheus of a site, which nobody but its own znet reaches. */
async function ask<T>(site: string, path: string): Promise<T> {
  const { stdout } = await bed.sh(`${site}/znet`, ["curl", "-sS", "-m", "10", `http://127.0.0.1:9090${path}`]);
  return (JSON.parse(stdout) as { data: T }).data;
}

const query = async (site: string, text: string): Promise<readonly Sample[]> =>
  (await ask<{ result: readonly Sample[] }>(site, `/api/v1/query?query=${encodeURIComponent(text)}`)).result;

test.each(["north", "south"])("%s: everybody is asked, and answers; zstore by what it told znet", async (site) => {
  const targets = await eventually(
    "all targets are up",
    120,
    async () => (await ask<{ activeTargets: readonly Target[] }>(site, "/api/v1/targets")).activeTargets,
    (found) => found.length > 0 && found.every(({ health }) => health === "up"),
  );
  const asked = new Set(targets.map(({ labels }) => `${labels["job"]} ${labels["host"]}`));
  expect([...asked].sort()).toEqual([
    `haproxy ${site}/zfront`,
    ...["zfront", "zmah1", "znet", "zpod1"].map((name) => `node ${site}/${name}`),
    `prometheus ${site}/znet`,
    `pushed ${site}/zstore`,
    ...["zfront", "zmah1", "znet", "zpod1"].map((name) => `zcloud ${site}/${name}`),
  ]);
});

test("zstore's own numbers are there under its name, by a way that it opens", async () => {
  const own = () => query("north", 'process_resident_memory_bytes{job="pushed",host="north/zstore"}');
  const [sample] = await eventually("its memory", 60, own, (found) => found.length === 1);
  expect(Number(sample?.value[1])).toBeGreaterThan(2 ** 20);
  const [info] = await query("north", 'zcloud_build_info{host="north/zstore"}');
  expect(info?.metric).toMatchObject({ site: "north", role: "zstore", job: "pushed" });
  // Its operating system's too, whose exporter nobody outside can ask.
  const [memory] = await query("north", 'node_memory_MemTotal_bytes{job="pushed",host="north/zstore"}');
  expect(Number(memory?.value[1])).toBeGreaterThan(2 ** 28);
  const exporter = await bed.sh("north/zstore", ["ss", "-Hltn", "sport", "=", ":9100"]);
  expect(exporter.stdout).toMatch(/127\.0\.0\.1:9100/);
  expect(exporter.stdout.trim().split("\n")).toHaveLength(1);
  // Not by asking it: nobody of znet's has a connection to it.
  const address = bed.map.sites[0]?.hosts.find(({ role }) => role === "zstore")?.address;
  const opened = ["ss", "-Htn", "dst", address ?? "", "and", "sport", "ge", ":32768"];
  expect((await bed.sh("north/znet", opened)).stdout).toBe("");
});

test("zstore is known by the status that it sends; the other site is there", async () => {
  await eventually(
    "north's zstore is present",
    120,
    () => query("north", 'zcloud_vm_present{vm="north/zstore"} == 1'),
    (found) => found.length === 1,
  );
  expect(await query("north", "zcloud_bus_peer_reachable == 1")).toHaveLength(1);
});

test("it holds little memory, and its rules are evaluated", async () => {
  await eventually(
    "the watchdog fires",
    120,
    () => query("north", 'ALERTS{alertname="Watchdog",alertstate="firing"}'),
    (found) => found.length === 1,
  );
  const [held] = await query("north", 'process_resident_memory_bytes{job="prometheus"}');
  expect(Number(held?.value[1])).toBeLessThan(200 * 2 ** 20);
  expect(await query("north", "increase(prometheus_rule_evaluation_failures_total[5m]) > 0")).toEqual([]);
});

test("nobody else reaches its port", async () => {
  const znet = bed.map.sites[0]?.hosts.find(({ role }) => role === "znet")?.address;
  const answer = await bed
    .sh("north/zpod1", ["curl", "-sS", "-m", "3", "-o", "/dev/null", `http://${znet}:9090/`])
    .catch((error: unknown) => error);
  expect(String((answer as { stdout?: string }).stdout ?? "")).not.toContain("200");
  const listens = await bed.sh("north/znet", ["ss", "-Hltn", "sport = :9090"]);
  expect(listens.stdout.trim().split("\n")).toHaveLength(1);
  expect(listens.stdout).toContain("127.0.0.1:9090");
});
