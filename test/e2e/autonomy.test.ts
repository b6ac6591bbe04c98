import { LocalHost } from "@zcloud/host";
import { allHosts, autonomy, mayConnect, ports, resolveFlows } from "@zcloud/map";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Probe, Verdict } from "./support/probe.ts";
import { eventually, openTestbed, repository, type Testbed } from "./support/testbed.ts";

const here = new LocalHost();
/** Who stands there knows public addresses only. */
const outside = new Set(["world", "witness"]);

/** From one host's place in the network (or the client's), all at once. */
async function probe(from: string, probes: readonly Probe[]): Promise<readonly Verdict[]> {
  const netns = `zc-${inject("lab")}-${from === "world" ? "client" : from.replace("/", "-")}`;
  const argv = ["ip", "netns", "exec", netns, process.execPath, "--import", "tsx", "test/e2e/support/probe.ts"];
  const { status, stdout, stderr } = await here.run([...argv, JSON.stringify(probes)], { cwd: repository });
  if (status !== 0) throw new Error(`probe from ${from}: ${stderr}`);
  return JSON.parse(stdout) as Verdict[];
}

/** One of every class of port that the table knows, and one that it doesn't. */
const classes: readonly (readonly ["tcp" | "udp", number])[] = [
  ...[ports.ssh, ports.dns, ports.http, ports.https, ports.nats, ports.leafnode, ports.logs.from + 3].map(
    (port) => ["tcp", port] as const,
  ),
  ...[
    ports.peerFront,
    ports.service,
    ports.frontMetrics,
    ports.cephMon,
    ports.cephDaemons.from,
    ports.published.from + 7,
    8099,
  ].map((port) => ["tcp", port] as const),
  ["udp", ports.dns],
  ["udp", ports.ntp],
  ["udp", 8099],
];

describe("the autonomy table", () => {
  let bed: Testbed;

  beforeAll(async () => {
    bed = await openTestbed();
  });

  test("every pair of hosts and every class of port: what the table allows passes, everything else is dropped", async () => {
    const hosts = allHosts(bed.map).filter(({ role }) => role !== "zcloud");
    const surprises: string[] = [];
    let passed = 0;
    for (const from of hosts) {
      const probes = hosts
        .filter((to) => to.id !== from.id)
        .flatMap((to) => classes.map(([protocol, port]) => ({ to: to.id, address: to.address, protocol, port })));
      const verdicts = await probe(
        from.id,
        probes.map(({ address, protocol, port }) => ({ address, protocol, port })),
      );
      for (const [index, { to, protocol, port }] of probes.entries()) {
        const expected = mayConnect(bed.map, from.id, to, protocol, port) ? "open" : "dropped";
        if (verdicts[index] === "open") passed += 1;
        if (verdicts[index] !== expected)
          surprises.push(`${from.id} -> ${to} ${protocol}/${port}: ${verdicts[index]}, the table says ${expected}`);
      }
    }
    expect(surprises).toEqual([]);
    expect(passed).toBeGreaterThan(50);
  });

  const kept = ["own", "runtime", "optional", "maintenance"];
  test.each(
    autonomy.filter(({ kind }) => kept.includes(kind)).map((flow) => [flow.id, flow.what] as const),
  )("%s: %s", async (id) => {
    const flows = bed.map.sites.flatMap((site) => resolveFlows(bed.map, site.name)).filter((flow) => flow.id === id);
    const fixed = flows.filter((flow) => flow.ports !== "any" && flow.ports.length > 0);
    const reachable = fixed.flatMap((flow) =>
      flow.from.flatMap((from) =>
        flow.to.map((to) => ({
          from: from.id,
          to: to.id,
          address: to.address,
          ports: flow.ports === "any" ? [] : flow.ports,
        })),
      ),
    );
    for (const from of new Set(reachable.map((one) => one.from))) {
      // The witness is a place without services so far, and who stands there may speak to monitors only.
      const probes = reachable
        .filter((one) => one.from === from && one.to !== "witness")
        .flatMap(({ to, address, ports: ranges }) =>
          ranges.map(({ protocol, from: port }) => ({
            address: outside.has(from) ? publicOf(to) : address,
            protocol,
            port,
          })),
        );
      const usable = probes.filter(({ protocol, port }) => !(protocol === "udp" && port === ports.wireguard));
      expect(await probe(from, usable), `from ${from}`).toEqual(usable.map(() => "open"));
    }
  });

  test("the world reaches a site's SSH, HTTP and HTTPS, and nothing else", async () => {
    for (const site of bed.map.sites) {
      const open = [ports.ssh, ports.http, ports.https];
      const tried = [
        ...open,
        ports.dns,
        ports.nats,
        ports.leafnode,
        ports.peerFront,
        ports.service,
        ports.frontMetrics,
        ports.cephMon,
        8099,
        40_000,
      ];
      const verdicts = await probe(
        "world",
        tried.map((port) => ({ address: site.public.ipv4, protocol: "tcp" as const, port })),
      );
      expect(Object.fromEntries(tried.map((port, index) => [port, verdicts[index]]))).toEqual(
        Object.fromEntries(tried.map((port) => [port, (open as number[]).includes(port) ? "open" : "dropped"])),
      );
      const inside = site.hosts.flatMap(({ address }) =>
        [ports.ssh, ports.https].map((port) => ({ address, protocol: "tcp" as const, port })),
      );
      expect(await probe("world", inside)).toEqual(inside.map(() => "dropped"));
    }
  });

  /** Public address of the site of a host. */
  function publicOf(host: string): string {
    return bed.publicAddress(host.split("/")[0] ?? "");
  }
});

describe("alone: every other VM of both sites is powered off", () => {
  let bed: Testbed;
  let vms: readonly string[];

  beforeAll(async () => {
    bed = await openTestbed();
    vms = allHosts(bed.map)
      .filter(({ role }) => role !== "zcloud")
      .map(({ id }) => id);
    await bed.powerOff(...vms);
  });

  afterAll(async () => {
    await bed.powerOn(...vms);
    await eventually(
      "a quiet status",
      120,
      () => bed.zctl("status"),
      ({ status }) => status === 0,
    );
  });

  async function ready(host: string): Promise<void> {
    await bed.powerOn(host);
    const answer = await eventually(
      `${host} is ready`,
      60,
      () => bed.agent(host, "/readyz"),
      ({ stdout }) => stdout.includes('"ready":true'),
    );
    expect(answer.status).toBe(0);
  }

  test("znet starts, resolves its site's names and runs its bus", async () => {
    await ready("north/znet");
    const name = await bed.sh("north/znet", ["getent", "ahostsv4", "zfront.north.zcloud.internal"]);
    expect(name.stdout).toContain("10.64.1.3");
    expect(
      (await bed.sh("north/znet", ["systemctl", "is-active", "nats-server.service", "unbound.service"])).stdout,
    ).toBe("active\nactive\n");
    await bed.powerOff("north/znet");
  });

  test("zfront starts and answers under its certificates", async () => {
    await ready("north/zfront");
    const answer = await eventually(
      "an answer",
      20,
      () => bed.get("https://hello.lab.example/", "north"),
      ({ status }) => status !== 0,
    );
    expect(answer.status).toBe(503);
    await bed.powerOff("north/zfront");
  });

  test.each(["north/zstore", "north/zmah1"])("%s starts and is ready", async (host) => {
    await ready(host);
    await bed.powerOff(host);
  });

  test("zpod and zfront of one site are enough to serve", async () => {
    await bed.powerOn("south/zfront", "south/zpod1");
    await eventually(
      "south serves",
      60,
      () => bed.get("https://hello.lab.example/", "south"),
      ({ status, site }) => status === 200 && site === "south",
    );
  });
});
