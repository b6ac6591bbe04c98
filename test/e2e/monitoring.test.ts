import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

const hello = "https://hello.lab.example/";
const sites = ["north", "south"];

interface Event {
  readonly kind: string;
  readonly subject: string;
  readonly host: string;
  readonly level: string;
  readonly reason: string;
  readonly at: string;
}

interface Outage {
  readonly from: string;
  readonly to?: string;
}

interface Door {
  readonly site: string;
  readonly from: string;
  readonly state: string;
  readonly lastOutage: { readonly from: string; readonly to: string | null; readonly reason: string } | null;
}

/** Last outage of a key in a copy of the bucket. */
function outageOf(replica: string, key: string): Outage | undefined {
  const { entries } = JSON.parse(replica) as { entries: Readonly<Record<string, { outages: readonly Outage[] }>> };
  return entries[key]?.outages.at(-1);
}

describe("nobody looks, at three in the morning", () => {
  let bed: Testbed;

  beforeAll(async () => {
    bed = await openTestbed();
    await allUp();
  });

  afterAll(async () => {
    for (const site of sites) await bed.script(`${site}/zpod1`, "systemctl start zcloud-stack@demo-hello.service");
  });

  async function doors(): Promise<readonly Door[]> {
    const { stdout } = await bed.zctl("uptime", "demo/hello", "--json");
    return (JSON.parse(stdout) as { endpoints: readonly { doors: readonly Door[] }[] }).endpoints[0]?.doors ?? [];
  }

  const allUp = () =>
    eventually(
      "both sites see hello at both doors",
      120,
      doors,
      (seen) => seen.length === 4 && seen.every(({ state }) => state === "up"),
    );

  async function events(since: number, kind: string): Promise<readonly Event[]> {
    const { stdout } = await bed.zctl("events", "--since", new Date(since).toISOString(), "--json");
    const all = (JSON.parse(stdout) as { events: readonly Event[] }).events;
    return all.filter((event) => event.kind === kind && event.subject === "demo/hello:web");
  }

  let broken = 0;

  test("all servers of a name end: within seconds there is an event with host, stack and reason, from each site", async () => {
    broken = Date.now();
    const stop = "podman stop -t 0 $(podman ps -q --filter label=zcloud.project=hello)";
    await Promise.all(
      sites.map((site) => bed.script(`${site}/zpod1`, `systemctl stop zcloud-stack@demo-hello.service; ${stop}`)),
    );
    const told = await eventually(
      "both fronts tell",
      30,
      () => events(broken, "endpoint-unreachable"),
      (found) => new Set(found.map(({ host }) => host)).size === 2,
    );
    for (const event of told) expect(event.level).toBe("error");
    const reasons = told.map(({ reason }) => reason).join("\n");
    expect(reasons).toMatch(/^https:\/\/hello\.lab\.example\/healthz through the front doors? of /m);
    expect(reasons).toMatch(/answered 503/);
    expect(reasons).toMatch(/north\/zpod1/);
    expect(reasons).toMatch(/south\/zpod1/);
    // Two seconds for the host to notice, two to be sure, one and a half to put both doors into one event.
    const first = Math.min(...told.map(({ at }) => Date.parse(at)));
    expect((first - broken) / 1_000).toBeLessThan(20);
  });

  test("zctl status and zctl uptime say it, and where", async () => {
    const status = await bed.zctl("status");
    expect(status.status).toBe(1);
    expect(status.stdout).toMatch(
      /hello\.lab\.example.*(no server of demo\/hello:web answers|does not answer as it should)/,
    );
    const uptime = await bed.zctl("uptime");
    expect(uptime.status).toBe(1);
    expect(uptime.stdout).toMatch(/^demo\/hello:web +hello\.lab\.example +down .* answered 503/m);
  });

  test("the front that restarts meanwhile tells nothing again, and forgets nothing", async () => {
    const restarted = Date.now();
    await bed.sh("north/zfront", ["systemctl", "restart", "zcloud-zfront.service"]);
    const seen = await eventually("north's front looks again", 60, doors, (all) =>
      all.some(({ from }) => from === "north"),
    );
    const outages = seen.filter(({ from }) => from === "north").map(({ lastOutage }) => lastOutage);
    for (const outage of outages) expect(Date.parse(outage?.from ?? "")).toBeLessThan(restarted);
    expect(await events(restarted, "endpoint-unreachable")).toEqual([]);
  });

  test("back again: an event, and the outage in the history that the bucket keeps", async () => {
    await Promise.all(
      sites.map((site) => bed.sh(`${site}/zpod1`, ["systemctl", "start", "zcloud-stack@demo-hello.service"])),
    );
    await allUp();
    await eventually(
      "both fronts tell",
      30,
      () => events(broken, "endpoint-reachable"),
      (found) => new Set(found.map(({ host }) => host)).size === 2,
    );
    for (const { lastOutage } of await doors()) {
      expect(lastOutage?.reason).toBe("status: answered 503");
      expect(Date.parse(lastOutage?.from ?? "")).toBeGreaterThanOrEqual(Math.floor(broken / 1_000) * 1_000);
      expect(lastOutage?.to).not.toBeNull();
    }
    await eventually(
      "the bus has it",
      30,
      () => bed.sh("north/zfront", ["cat", "/var/lib/zcloud/zfront/replicas/site.uptime.json"]),
      ({ stdout }) => sites.every((site) => outageOf(stdout, `zfront.demo.hello.web.${site}`)?.to !== undefined),
    );
  });

  test("metrics say it by endpoint, with HAProxy's own counters", async () => {
    await bed.get(hello, "north");
    const { stdout } = await bed.agent("north/zfront", "/metrics");
    for (const door of sites)
      expect(stdout).toMatch(new RegExp(`^zcloud_probe_success\\{endpoint="demo/hello:web",door="${door}"\\} 1$`, "m"));
    expect(stdout).toMatch(/^zcloud_uptime_ratio\{endpoint="demo\/hello:web",door="north",window="90d"\} 0\.\d+$/m);
    expect(stdout).toMatch(
      /^haproxy_backend_http_responses_total\{proxy="e\d+",endpoint="demo\/hello:web",code="2xx"\} [1-9]/m,
    );
  });

  test("znet reads HAProxy's own exporter, whose slots are known by name", async () => {
    const address = bed.map.sites[0]?.hosts.find(({ role }) => role === "zfront")?.address;
    const read = (port: number) =>
      bed.sh("north/znet", ["curl", "-sS", "-m", "5", `http://${address}:${port}/metrics`]);
    const [ours, haproxy] = [await read(9550), await read(9551)];
    const info =
      /^zcloud_slot_info\{proxy="(e\d+)",tenant="demo",stack="hello",service="web",name="hello\.lab\.example"\} 1$/m;
    const [, proxy] = info.exec(ours.stdout) ?? [];
    expect(proxy).toBeDefined();
    expect(haproxy.stdout).toMatch(
      new RegExp(`^haproxy_server_http_responses_total\\{proxy="${proxy}",server="[^"]+",code="2xx"\\} [1-9]`, "m"),
    );
  });
});
