import { LocalHost } from "@zcloud/host";
import { allHosts, autonomy, type HostEntry, mayConnect, ports, resolveFlows, type ZMap } from "@zcloud/map";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Probe, Verdict } from "./support/probe.ts";
import { eventually, openTestbed, repository, type Testbed } from "./support/testbed.ts";

const here = new LocalHost();
/** Who stands there knows public addresses only. */
const outside = new Set(["world", "witness"]);

/** Three at a time: most of a probe is waiting for silence, and a late answer would be taken for none. */
async function inLanes<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items].values();
  const lane = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all([lane(), lane(), lane()]);
}

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

type Expected = (from: HostEntry, to: HostEntry, protocol: "tcp" | "udp", port: number) => boolean;

function inTable(map: ZMap): Expected {
  return (from, to, protocol, port) => mayConnect(map, from.id, to.id, protocol, port);
}

/** Every VM to every other, every class of port: what is otherwise than expected. */
async function surprises(map: ZMap, expected: Expected): Promise<readonly string[]> {
  const hosts = allHosts(map).filter(({ role }) => role !== "zcloud");
  const found: string[] = [];
  let passed = 0;
  await inLanes(hosts, async (from) => {
    const probes = hosts
      .filter((to) => to.id !== from.id)
      .flatMap((to) => classes.map(([protocol, port]) => ({ to, address: to.address, protocol, port })));
    const verdicts = await probe(
      from.id,
      probes.map(({ address, protocol, port }) => ({ address, protocol, port })),
    );
    for (const [index, { to, protocol, port }] of probes.entries()) {
      const wanted = expected(from, to, protocol, port) ? "open" : "dropped";
      if (verdicts[index] === "open") passed += 1;
      if (verdicts[index] !== wanted)
        found.push(`${from.id} -> ${to.id} ${protocol}/${port}: ${verdicts[index]}, expected ${wanted}`);
    }
  });
  expect(passed).toBeGreaterThan(50);
  return found;
}

describe("the autonomy table", () => {
  let bed: Testbed;

  beforeAll(async () => {
    bed = await openTestbed();
  });

  test("every pair of hosts and every class of port: what the table allows passes, everything else is dropped", async () => {
    expect(await surprises(bed.map, inTable(bed.map))).toEqual([]);
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
    await inLanes(new Set(reachable.map((one) => one.from)), async (from) => {
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
    });
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

describe("each firewall alone keeps to the table", () => {
  let bed: Testbed;
  let vms: readonly HostEntry[];
  let zclouds: readonly HostEntry[];
  const rules = new Map<string, string>();

  const onAll = (hosts: readonly HostEntry[], script: (host: HostEntry) => string) =>
    Promise.all(
      hosts.map(async (host) => {
        const { status, stdout, stderr } = await bed.script(host.id, script(host));
        if (status !== 0) throw new Error(`${host.id}: ${stderr}`);
        return [host.id, stdout] as const;
      }),
    );
  const own = "inet zcloud_vm";
  const list = () => onAll(vms, () => `nft --stateless list table ${own}`);
  const load = () => onAll(vms, () => "nft --file /etc/zcloud-firewall/rules.nft");
  const openZclouds = () => onAll(zclouds, () => "nft insert rule inet zcloud forward accept");

  beforeAll(async () => {
    bed = await openTestbed();
    vms = allHosts(bed.map).filter(({ role }) => role !== "zcloud");
    zclouds = allHosts(bed.map).filter(({ role }) => role === "zcloud");
    for (const [host, listed] of await list()) rules.set(host, listed);
    // So that nobody puts right what is broken here.
    await onAll(vms, ({ role }) => `systemctl stop zcloud-${role}`);
  });

  afterAll(async () => {
    await onAll(vms, ({ role }) => `systemctl start zcloud-${role}`);
    expect((await bed.zctl("apply")).status).toBe(0);
    await eventually(
      "a quiet status",
      120,
      () => bed.zctl("status"),
      ({ status }) => status === 0,
    );
  });

  test("a VM's rules stay while its service is stopped", async () => {
    expect(new Map(await list())).toEqual(rules);
  });

  test("the hypervisors', with none on the VMs", async () => {
    await onAll(vms, () => `nft delete table ${own}`);
    expect(await surprises(bed.map, inTable(bed.map))).toEqual([]);
  });

  test("the VMs', by what they let in, with hypervisors that let everything pass", async () => {
    await load();
    await openZclouds();
    await onAll(vms, () => `nft flush chain ${own} output`);
    // Who calls the front directly can't be told there from who called the public address.
    const arriving: Expected = (from, to, protocol, port) =>
      mayConnect(bed.map, from.id, to.id, protocol, port) ||
      (from.site === to.site && mayConnect(bed.map, "world", to.id, protocol, port));
    expect(await surprises(bed.map, arriving)).toEqual([]);
  });

  test("the VMs', by what they let out, with hypervisors that let everything pass", async () => {
    await load();
    await openZclouds();
    await onAll(vms, () => `nft 'flush chain ${own} input; chain ${own} input { policy accept; }'`);
    expect(await surprises(bed.map, inTable(bed.map))).toEqual([]);
  });

  test("a started service puts its VM's rules right, apply those of the hypervisors", async () => {
    await onAll(vms, ({ role }) => `systemctl start zcloud-${role}`);
    await eventually("every VM's rules", 60, list, (listed) =>
      listed.every(([host, text]) => text === rules.get(host)),
    );
    expect((await bed.zctl("apply")).status).toBe(0);
    for (const [, listed] of await onAll(zclouds, () => "nft --stateless list chain inet zcloud forward"))
      expect(listed).not.toMatch(/^\s*accept$/m);
    expect(await surprises(bed.map, inTable(bed.map))).toEqual([]);
  });
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
