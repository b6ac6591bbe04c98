import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, openTestbed, repository, type Testbed } from "./support/testbed.ts";

const sample = `${repository}deploy/stacks/hello/compose.yaml`;

describe("zctl deploy", () => {
  let bed: Testbed;
  let scratch: string;

  beforeAll(async () => {
    bed = await openTestbed();
    scratch = await mkdtemp(join(tmpdir(), "zcloud-deploy-"));
  });

  afterAll(async () => {
    await bed.zctl("remove", "demo/fresh");
    await rm(scratch, { recursive: true, force: true });
  });

  /** A copy of the sample under another project and name. */
  async function stack(project: string, change: (text: string) => string): Promise<string> {
    const directory = join(scratch, project);
    await cp(`${repository}deploy/stacks/hello`, directory, { recursive: true });
    await writeFile(join(directory, "compose.yaml"), change(await readFile(sample, "utf8")));
    return directory;
  }

  /** The sample's public name and port are its own. */
  const renamed = (text: string): string =>
    text
      .replace("hello.lab.example", "fresh.demo.lab.example")
      .replace(', tcp: [{ public: 7008, port: 7007, greets: "220" }]', "");

  test("a new stack is served at both fronts under its certificate; other names lose nothing", async () => {
    const load = bed.load("north", "https://hello.lab.example/", 120);
    const deployed = await bed.zctl("deploy", await stack("fresh", renamed), "--tenant", "demo");
    load.stop();
    expect(deployed.stdout + deployed.stderr).toMatch(
      /served .*https:\/\/fresh\.demo\.lab\.example\/.*200.*north.*south/,
    );
    expect(deployed.status).toBe(0);
    for (const site of ["north", "south"]) {
      expect(await bed.get("https://fresh.demo.lab.example/", site)).toMatchObject({ status: 200, site });
    }
    expect((await load.report).failed).toEqual([]);
  });

  test("the same again changes nothing: containers keep running", async () => {
    const running = "podman ps --no-trunc -q --filter label=zcloud.project=fresh | sort";
    const before = await bed.script("north/zpod1", running);
    expect(before.stdout.trim().split("\n")).toHaveLength(3); // two of web, one of who
    const again = await bed.zctl("deploy", await stack("fresh", renamed), "--tenant", "demo");
    expect(again.status).toBe(0);
    expect((await bed.script("north/zpod1", running)).stdout).toBe(before.stdout);
  });

  test.each<[string, (text: string) => string, RegExp]>([
    ["broken YAML", (text) => text.replace("services:", "services: ["), /compose\.yaml:\d+:\d+/],
    [
      "a key that compose does not know",
      (text) => text.replace("user: nobody", "usre: nobody"),
      /compose\.yaml:5:\d+ .*usre/,
    ],
    ["privileged", (text) => text.replace("user: nobody", "privileged: true"), /compose\.yaml:5:\d+ .*privileged/],
    ["a host path", (text) => text.replace("user: nobody", 'volumes: ["/etc:/mnt"]'), /compose\.yaml:5:\d+ .*\/etc/],
    [
      "the host's network",
      (text) => text.replace("user: nobody", "network_mode: host"),
      /compose\.yaml:5:\d+ .*network_mode/,
    ],
    [
      "somebody else's name",
      (text) => text.replace("fresh.demo.lab.example", "example.org"),
      /compose\.yaml:\d+:\d+ .*example\.org/,
    ],
  ])("%s is refused by name and line, and what ran before still runs", async (_what, change, message) => {
    const refused = await bed.zctl("deploy", await stack("fresh", (text) => change(renamed(text))), "--tenant", "demo");
    expect(refused.status).toBe(1);
    expect(refused.stdout + refused.stderr).toMatch(message);
    expect(await bed.get("https://fresh.demo.lab.example/", "north")).toMatchObject({ status: 200, site: "north" });
  });

  test("a stack that gets past the operator's tool is refused by the host itself", async () => {
    const text = renamed(await readFile(sample, "utf8")).replace("user: nobody", "privileged: true");
    const body = { tenant: "demo", project: "sneaky", files: { "compose.yaml": text }, actor: "test" };
    const post = ["curl", "-sS", "-H", "content-type: application/json", "--data-binary", "@-", "--unix-socket"];
    const sent = await bed.sh("north/znet", [...post, "/run/zcloud/znet.sock", "http://agent/v1/stacks"], {
      input: JSON.stringify(body),
    });
    expect(sent.status, sent.stdout).toBe(0);
    await eventually(
      "the refusal among the events",
      30,
      () => bed.zctl("events", "--since", "5m"),
      ({ stdout }) => /demo\/sneaky.*compose\.yaml:5:\d+.*privileged/.test(stdout),
    );
    expect((await bed.script("north/zpod1", "podman ps -q --filter label=zcloud.project=sneaky")).stdout).toBe("");
    await bed.agent("north/znet", "/v1/stacks/demo/sneaky", "-X", "DELETE");
  });

  test("a removed stack's name is nobody's", async () => {
    expect((await bed.zctl("remove", "demo/fresh")).status).toBe(0);
    for (const site of ["north", "south"])
      await eventually(
        `fresh is gone at ${site}`,
        20,
        () => bed.get("https://fresh.demo.lab.example/", site, "-k"),
        ({ status }) => status === 404,
      );
  });
});

describe("nx run-many -t deploy", () => {
  test("twice changes nothing, and no service restarts", async () => {
    const bed = await openTestbed();
    const services = bed.map.sites.flatMap(({ hosts }) => hosts).filter(({ role }) => role !== "zcloud");
    const started = (): Promise<readonly string[]> =>
      Promise.all(
        services.map(async ({ id, role }) => {
          const shown = await bed.sh(id, ["systemctl", "show", "-P", "MainPID", `zcloud-${role}.service`]);
          return `${id} ${shown.stdout.trim()}`;
        }),
      );
    const before = await started();
    const again = await new LocalHost().run(["npx", "nx", "run-many", "-t", "deploy", "--outputStyle=static"], {
      cwd: repository,
      env: { ZCLOUD_MAP: `${bed.installation}/zcloud.yaml`, NX_DAEMON: "false", NX_NO_CLOUD: "true" },
      timeout: 300_000,
    });
    expect(again.status, again.stdout + again.stderr).toBe(0);
    expect(again.stdout.match(/ unchanged /g) ?? []).toHaveLength(services.length);
    expect(again.stdout).not.toMatch(/ deployed | FAILED /);
    expect(await started()).toEqual(before);
  });
});
