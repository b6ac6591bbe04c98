import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

interface Call {
  readonly status: number;
  readonly site: string | undefined;
  /** Address that the name led to. */
  readonly address: string | undefined;
}

const fronts = { north: "10.64.1.3", south: "10.64.2.3" } as const;

describe("a container calls public names", () => {
  let bed: Testbed;

  beforeAll(async () => {
    bed = await openTestbed();
    await eventually(
      "hello at north",
      90,
      () => call("https://hello.lab.example/"),
      ({ site }) => site === "north",
    );
  });

  afterAll(async () => {
    await bed.powerOn("north", "south");
    await bed.script("north/zpod1", "systemctl start zcloud-stack@demo-hello.service");
  });

  /** From inside the container of notes at north; busybox's wget does not check certificates. */
  async function call(url: string, ...options: readonly string[]): Promise<Call> {
    const inside = ["wget", "-T", "8", "-S", "-O", "/dev/null", ...options, url].map((word) => `'${word}'`).join(" ");
    const { stdout, stderr } = await bed.script(
      "north/zpod1",
      `podman exec $(podman ps -q --filter label=zcloud.project=notes) ${inside} 2>&1`,
    );
    const said = `${stdout}${stderr}`;
    return {
      status: Number([...said.matchAll(/HTTP\/1\.1 (\d+)/g)].at(-1)?.[1] ?? 0),
      site: [...said.matchAll(/x-zcloud-site: *(\S+)/gi)].at(-1)?.[1],
      address: /Connecting to \S+ \(([\d.]+):/.exec(said)?.[1],
    };
  }

  test.each(["hello", "notes"])("%s leads to the site's own front", async (name) => {
    expect(await call(`https://${name}.lab.example/`)).toEqual({ status: 200, site: "north", address: fronts.north });
  });

  test("the site's own public address works from inside, and the other site's", async () => {
    for (const site of ["north", "south"]) {
      const direct = await call(`http://${bed.publicAddress(site)}/`, "--header", "Host: hello.lab.example");
      // Plain HTTP is sent to HTTPS by name, which leads to the own front again.
      expect(direct).toMatchObject({ status: 200, address: bed.publicAddress(site) });
    }
  });

  test("its own site's servers end: the other site answers", async () => {
    await bed.script(
      "north/zpod1",
      "systemctl stop zcloud-stack@demo-hello.service; podman stop -t 0 $(podman ps -q --filter label=zcloud.project=hello)",
    );
    await eventually(
      "south answers",
      30,
      () => call("https://hello.lab.example/"),
      (answer) => answer.status === 200 && answer.site === "south" && answer.address === fronts.north,
    );
    await bed.sh("north/zpod1", ["systemctl", "start", "zcloud-stack@demo-hello.service"]);
    await eventually(
      "north answers again",
      90,
      () => call("https://hello.lab.example/"),
      ({ site }) => site === "north",
    );
  });

  test("its own front is off: the name leads there, and the other site is reached by its public address", async () => {
    await bed.powerOff("north/zfront");
    const direct = await call(`http://${bed.publicAddress("south")}/`, "--header", "Host: hello.lab.example");
    expect(direct.address).toBe(bed.publicAddress("south"));
    await bed.powerOn("north/zfront");
    await eventually(
      "north answers again",
      90,
      () => call("https://hello.lab.example/"),
      ({ site }) => site === "north",
    );
  });

  test("the site's zNet is off: names still resolve, to the public addresses, and calls succeed", async () => {
    await bed.powerOff("north/znet");
    try {
      const known: readonly (string | undefined)[] = [bed.publicAddress("north"), bed.publicAddress("south")];
      // What the VM's resolver was told before stays right for its time: the own front is there.
      const answers: Call[] = [];
      await eventually(
        "a public address",
        120,
        async () => {
          const answer = await call("https://hello.lab.example/");
          answers.push(answer);
          return answer;
        },
        ({ address }) => known.includes(address),
      );
      for (let more = 0; more < 3; more += 1) answers.push(await call("https://hello.lab.example/"));
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(answers.filter(({ address }) => ![...known, fronts.north].includes(address ?? ""))).toEqual([]);
    } finally {
      await bed.powerOn("north/znet");
    }
    await eventually(
      "the own front again",
      60,
      () => call("https://hello.lab.example/"),
      ({ address }) => address === fronts.north,
    );
  });
});
