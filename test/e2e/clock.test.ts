import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allHosts } from "@zcloud/map";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, repository, type Testbed } from "./support/testbed.ts";

interface Wrong {
  readonly host: string;
  /** Seconds. */
  readonly by: number;
  readonly said: string;
  /** What has the wrong clock. libfaketime can't deceive programs in Go (nats-server, Prometheus), which ask the kernel themselves, nor HAProxy, which hangs. */
  readonly units: readonly string[];
}

const wrong: readonly Wrong[] = [
  { host: "north/zpod1", by: 7200, said: "7200\\.\\d+ s fast", units: ["chrony", "zcloud-zpod"] },
  { host: "north/zfront", by: -30, said: "(30\\.0|29\\.9)\\d+ s slow", units: ["chrony", "zcloud-zfront"] },
  { host: "south/znet", by: 30, said: "(30\\.0|29\\.9)\\d+ s fast", units: ["chrony", "zcloud-znet", "unbound"] },
];
const hello = "https://hello.lab.example/";
/** Another one each time: a certificate outlives its stack. */
const name = `clock-${Date.now().toString(36)}.demo.lab.example`;

let bed: Testbed;
let scratch: string;

beforeAll(async () => {
  bed = await openTestbed();
  scratch = await mkdtemp(join(tmpdir(), "zcloud-clock-"));
  await Promise.all(wrong.map(({ host, units }) => deceive(host, units)));
  await wellAgain(60);
}, 120_000);

afterAll(async () => {
  await bed.zctl("remove", "demo/clock");
  await rm(scratch, { recursive: true, force: true });
  await Promise.all(wrong.map(({ host, units }) => undeceive(host, units)));
  await wellAgain(90);
}, 150_000);

/** From now on these programs read from a file what time it is. */
async function deceive(host: string, units: readonly string[]): Promise<void> {
  await bed.script(
    host,
    `set -e
echo +0 > /run/faketime
for unit in ${units.join(" ")}; do
  mkdir -p /run/systemd/system/$unit.service.d
  cat > /run/systemd/system/$unit.service.d/clock-test.conf <<'X'
[Service]
Environment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 FAKETIME_TIMESTAMP_FILE=/run/faketime
Environment=FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1
# What they start has the right time: systemd-run, for one, asks a timer of the kernel for a time that is past.
Environment=FAKETIME_ONLY_CMDS=node,chronyd,unbound
X
done
systemctl daemon-reload
systemctl restart ${units.join(" ")}
`,
  );
}

async function undeceive(host: string, units: readonly string[]): Promise<void> {
  await bed.script(
    host,
    `rm -f /run/systemd/system/*.service.d/clock-test.conf /run/faketime
systemctl daemon-reload
systemctl restart ${units.join(" ")}
`,
  );
}

/** A step while all of it runs. */
async function set({ host }: Wrong, by: number): Promise<void> {
  await bed.script(host, `echo ${by < 0 ? "" : "+"}${by} > /run/faketime\n`);
}

const status = async (): Promise<string> => (await bed.zctl("status")).stdout;

/** Every clock is measured and right, and nothing else is wrong either. */
async function wellAgain(seconds: number): Promise<void> {
  await eventually(
    "a quiet status",
    seconds,
    () => bed.zctl("status"),
    ({ status: code }) => code === 0,
  );
  for (const { host } of wrong) {
    const facts = async () => JSON.parse((await bed.agent(host, "/v1/status")).stdout).facts.clock;
    await eventually(
      `${host}'s clock is measured and right`,
      seconds,
      facts,
      (clock: { stratum: number; offset: number }) => clock.stratum > 0 && Math.abs(clock.offset) < 0.05,
    );
  }
}

/** Asks both znets every second who says how he is, until told to stop; returns what was missing, by whose word. */
function watchPresence(): () => Promise<{ readonly looks: number; readonly missing: readonly string[] }> {
  const missing: string[] = [];
  let looks = 0;
  let stopped = false;
  const look = async (znet: string): Promise<void> => {
    const { stdout } = await bed.agent(znet, "/metrics");
    for (const [, vm, there] of stdout.matchAll(/^zcloud_vm_present\{vm="([^"]+)"\} (\d)$/gm)) {
      looks += 1;
      if (there !== "1") missing.push(`${vm}, as ${znet} sees it`);
    }
  };
  const watching = (async () => {
    while (!stopped) {
      await Promise.all(["north/znet", "south/znet"].map(look));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  })();
  return async () => {
    stopped = true;
    await watching;
    return { looks, missing: [...new Set(missing)] };
  };
}

const certificate = async (site: string): Promise<{ state: string; reason: string }> => {
  const { stdout } = await bed.agent(`${site}/zfront`, "/v1/certificates");
  const { certificates } = JSON.parse(stdout) as {
    certificates: { names: string[]; state: string; lastError?: { reason: string } | null }[];
  };
  const found = certificates.find(({ names }) => names.includes(name));
  return { state: found?.state ?? "none", reason: found?.lastError?.reason ?? "" };
};

async function stack(): Promise<string> {
  const directory = join(scratch, "clock");
  await cp(`${repository}deploy/stacks/hello`, directory, { recursive: true });
  const file = join(directory, "compose.yaml");
  const text = (await readFile(file, "utf8")).replace("hello.lab.example", name);
  await writeFile(file, text.replace(', tcp: [{ public: 7008, port: 7007, greets: "220" }]', ""));
  return directory;
}

test("clocks are set +2 h, -30 s and +30 s while all runs, and back: all is served, the hosts are named, orders wait", async () => {
  const from = Date.now();
  const loads = ["north", "south"].map((site) => bed.load(site, hello, 240, 25));
  const present = watchPresence();
  try {
    await Promise.all(wrong.map((one) => set(one, one.by)));
    for (const { host, said } of wrong) {
      const named = new RegExp(`${host.replace("/", "\\/")}.* ${said}`);
      await eventually(`${host} is named, with how much`, 40, status, (text) => named.test(text));
    }
    // Known by everybody, under a wrong clock: a stack travels, its containers are published, the right front orders.
    const deployed = await bed.zctl("deploy", await stack(), "--tenant", "demo", "--no-wait");
    expect(deployed.status, deployed.stdout + deployed.stderr).toBe(0);
    await eventually(
      "south has a certificate",
      40,
      () => certificate("south"),
      ({ state }) => state === "good",
    );
    const waits = await eventually(
      "north's order waits",
      20,
      () => certificate("north"),
      ({ state }) => state === "failing",
    );
    expect(waits.reason).toMatch(/this host's clock is .* s slow, by .*; orders wait until it is right/);

    await Promise.all(wrong.map((one) => set(one, 0)));
    const back = Date.now();
    await wellAgain(60);
    await eventually(
      "north's order is made",
      60,
      () => certificate("north"),
      ({ state }) => state === "good",
    );
    expect(await bed.get(`https://${name}/`, "north")).toMatchObject({ status: 200, site: "north" });
    // What a host does not repeat within 30 s expires.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 35_000 - (Date.now() - back))));
  } finally {
    for (const load of loads) load.stop();
  }
  const { looks, missing } = await present();
  expect(missing).toEqual([]);
  expect(looks).toBeGreaterThan(10 * allHosts(bed.map).length);
  for (const load of loads) {
    const report = await load.report;
    expect(report.failed).toEqual([]);
    expect(report.sent).toBeGreaterThan(1_000);
  }
  const { stdout } = await bed.zctl("events", "--json");
  for (const { host, said } of wrong) {
    expect(stdout).toMatch(new RegExp(`clock of ${host} is ${said}`));
    expect(stdout).toContain(`the clock of ${host} is right again`);
  }
  console.info(`clocks: ${Math.round((Date.now() - from) / 1_000)} s`);
}, 240_000);
