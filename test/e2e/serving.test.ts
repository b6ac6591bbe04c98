import { beforeAll, describe, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

const hello = "https://hello.lab.example/";

describe("two sites serve a stack", () => {
  let bed: Testbed;

  beforeAll(async () => {
    bed = await openTestbed();
  });

  test.each([
    "north",
    "south",
  ])("over HTTPS with a certificate of the authority, at %s's public address, by itself", async (site) => {
    const answer = await eventually(
      `hello through ${site}`,
      60,
      () => bed.get(hello, site),
      ({ status, site: by }) => status === 200 && by === site,
    );
    expect(answer.headers).toMatch(/^HTTP\/2 200/m);
  });

  test.each(["north", "south"])("plain HTTP is sent to HTTPS at %s", async (site) => {
    const answer = await bed.get("http://hello.lab.example/x?y=1", site);
    expect(answer.status).toBe(308);
    expect(answer.headers).toMatch(/^location: https:\/\/hello\.lab\.example\/x\?y=1\r?$/im);
  });

  test("both local servers get requests", async () => {
    const bodies = new Set<string>();
    for (let index = 0; index < 10; index++) bodies.add((await bed.get(hello, "north")).body);
    expect(bodies.size).toBe(2);
  });

  test("a stack that lives at one site is served at both, and keeps what it was given", async () => {
    const url = "https://notes.lab.example/";
    const note = `note ${Date.now()}`;
    const written = await bed.get(url, "south", "-d", note);
    expect(written.status).toBe(201);
    expect(written.body).toMatch(/^\d{8}T\d{6}-[0-9a-f]{12}\n$/);
    for (const site of ["north", "south"]) {
      const answer = await bed.get(url, site);
      expect(answer).toMatchObject({ status: 200, site: "north" });
      expect(answer.body).toContain(note);
    }
  });

  test("a name that nobody serves is refused clearly, and quickly", async () => {
    const answer = await bed.get("https://unknown.lab.example/", "north", "-k");
    expect(answer.status).toBe(404);
    expect(answer.body).toMatch(/unknown\.lab\.example|no such|not served/i);
  });

  test("the bus refuses no agent what it asks for", async () => {
    const refused: string[] = [];
    for (const { id, role } of bed.map.sites.flatMap(({ hosts }) => hosts)) {
      if (role === "zcloud") continue;
      const unit = `zcloud-${role}.service`;
      const since = `"$(systemctl show -P ActiveEnterTimestamp ${unit})"`;
      const { stdout } = await bed.script(id, `journalctl -q -o cat -u ${unit} --since ${since}`);
      expect(stdout, `${id} has no journal`).not.toBe("");
      refused.push(...stdout.split("\n").filter((line) => /permissions violation/i.test(line)));
    }
    expect(refused).toEqual([]);
  });

  test("zctl status finds nothing wrong", async () => {
    const status = await eventually(
      "a quiet status",
      60,
      () => bed.zctl("status"),
      ({ status }) => status === 0,
    );
    expect(status.stdout).toMatch(/as it should be/);
  });
});
