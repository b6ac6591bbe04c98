import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

const hello = "https://hello.lab.example/";
const sites = ["north", "south"];
const ofMap = 7007;
let bed: Testbed;

beforeAll(async () => {
  bed = await openTestbed();
  await atOnce();
});

afterEach(async () => {
  for (const subject of ["north/zpod1", "north"]) await bed.zctl("undrain", subject);
  for (const subject of ["demo/hello", "demo/hello:web", "demo/hello:who"])
    await bed.zctl("maintenance", "off", subject);
});

/** Each site serves its own visitors. */
async function atOnce(): Promise<void> {
  for (const site of sites) {
    await eventually(
      `${site} serves itself`,
      60,
      () => bed.get(hello, site),
      (answer) => answer.status === 200 && answer.site === site,
    );
  }
}

async function zctl(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await bed.zctl(...words);
  expect(status, `zctl ${words.join(" ")}: ${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** The container that answers on the map's TCP port; empty: the connection ends without a word. */
async function who(site: string): Promise<string> {
  const url = `telnet://${bed.publicAddress(site)}:${ofMap}`;
  return (await bed.client(["curl", "-sS", "--max-time", "5", url])).stdout.trim().replace(/^220 /, "");
}

async function isOf(site: string, name: string): Promise<boolean> {
  const { stdout } = await bed.script(`${site}/zpod1`, "podman ps --format '{{.ID}}'");
  const ids = stdout.trim().split("\n");
  return name !== "" && ids.some((id) => id.startsWith(name) || name.startsWith(id));
}

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

describe("zctl drain", () => {
  test.each([
    ["north/zpod1"],
    ["north"],
  ])("of %s under 100 requests a second: none is lost, none comes to it, TCP neither, until undrain", async (subject) => {
    const load = bed.load("north", hello, 90);
    try {
      await pause(3);
      expect(await zctl("drain", subject, "--reason", "new disk")).toContain(`drain of ${subject} in force`);
      expect((await bed.get(hello, "north")).site).toBe("south");
      expect(await isOf("south", await who("north"))).toBe(true);
      expect(await zctl("drain")).toContain("new disk");
      // The stack whose home is north serves on, because nobody else has it; that is a problem, the drain itself is none.
      const { stdout } = await bed.zctl("status");
      expect(stdout).toMatch(new RegExp(`^${subject} is drained since .*: new disk$`, "m"));
      expect(stdout).toContain("is drained and still serves demo/notes:web: nobody else has it");
      expect(stdout).not.toContain("demo/hello");
      await pause(4);
      await zctl("undrain", subject);
      await atOnce();
      await eventually("north's own TCP server", 30, async () => isOf("north", await who("north")), Boolean);
      await pause(2);
    } finally {
      load.stop();
    }
    const report = await load.report;
    expect(report.failed).toEqual([]);
    expect(report.ok).toBe(report.sent);
    expect(report.sent).toBeGreaterThan(500);
    expect(report.sites["none"]).toBeUndefined();
    // In whole seconds of the drain nobody was served by north: they follow one another without a gap.
    const by = report.timeline.join(" ");
    expect(by).toMatch(/^north.* south south south .*north$/);
    console.info(`drain of ${subject}:`, { sent: report.sent, sites: report.sites, slowest: report.slowest });
  });
});

describe("zctl maintenance", () => {
  interface Row {
    readonly endpoint: string;
    readonly doors: readonly { readonly state: string; readonly since: string }[];
  }

  async function states(endpoint: string): Promise<readonly string[]> {
    const { endpoints } = JSON.parse((await bed.zctl("uptime", endpoint, "--json")).stdout) as { endpoints: Row[] };
    return endpoints.flatMap(({ doors }) => doors.map(({ state }) => state));
  }

  test("shows a page with the reason at both doors, alarms nobody, and is neither up nor down", async () => {
    const began = new Date().toISOString();
    await zctl("maintenance", "on", "demo/hello:web", "--reason", "we move <the> shelves");
    for (const site of sites) {
      const answer = await bed.get(hello, site);
      expect(answer.status).toBe(503);
      expect(answer.headers).toMatch(/^retry-after: 300\r?$/m);
      expect(answer.body).toContain("This site is being worked on");
      expect(answer.body).toContain("<p>we move &lt;the&gt; shelves");
      // Another service of the stack goes on.
      expect(await who(site)).not.toBe("");
    }
    expect(await states("demo/hello:web")).toEqual(Array.from({ length: 4 }, () => "maintenance"));
    expect(await zctl("uptime", "demo/hello:web")).toContain("maintenance");
    // Wanted, so no problem.
    expect(await zctl("status")).toMatch(/^demo\/hello:web is in maintenance since .*: we move <the> shelves$/m);
    // Longer than probes need to believe that something is down.
    await pause(10);
    const { stdout } = await bed.zctl("events", "--since", began, "--json");
    const { events } = JSON.parse(stdout) as { events: readonly { kind: string; subject: string }[] };
    const about = events.filter(({ subject }) => subject === "demo/hello:web").map(({ kind }) => kind);
    expect(about).toContain("maintenance-began");
    expect(about.filter((kind) => kind.startsWith("endpoint-"))).toEqual([]);
    await zctl("maintenance", "off", "demo/hello:web");
    await atOnce();
    await eventually(
      "both doors are watched again",
      60,
      () => states("demo/hello:web"),
      (all) => all.length === 4 && all.every((state) => state === "up"),
    );
  });

  test("of a TCP service ends connections at once, at both doors, until it is off", async () => {
    await zctl("maintenance", "on", "demo/hello:who");
    for (const site of sites) {
      const began = Date.now();
      expect(await who(site)).toBe("");
      expect(Date.now() - began).toBeLessThan(4_000);
      expect((await bed.get(hello, site)).status).toBe(200);
    }
    await zctl("maintenance", "off", "demo/hello:who");
    for (const site of sites)
      await eventually(
        `who at ${site}`,
        30,
        () => who(site),
        (name) => name !== "",
      );
  });
});
