import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

const hello = "https://hello.lab.example/";

describe("both znets are off", () => {
  let bed: Testbed;

  beforeAll(async () => {
    bed = await openTestbed();
    await bed.powerOff("north/znet", "south/znet");
  });

  afterAll(async () => {
    await bed.powerOn("north/znet", "south/znet");
    await eventually(
      "a quiet status",
      90,
      () => bed.zctl("status"),
      ({ status }) => status === 0,
    );
  });

  test("both sites go on serving", async () => {
    for (const site of ["north", "south"]) expect(await bed.get(hello, site)).toMatchObject({ status: 200, site });
  });

  test("containers still fail over", async () => {
    await bed.powerOff("north/zpod1");
    await eventually(
      "south answers for north",
      15,
      () => bed.get(hello, "north"),
      ({ status, site }) => status === 200 && site === "south",
    );
    await bed.powerOn("north/zpod1");
    await eventually(
      "north answers again",
      90,
      () => bed.get(hello, "north"),
      ({ site }) => site === "north",
    );
  });

  test("services restart and serve from what they knew last", async () => {
    await bed.sh("north/zfront", ["systemctl", "restart", "zcloud-zfront.service", "haproxy.service"]);
    await bed.sh("north/zpod1", ["systemctl", "restart", "zcloud-zpod.service"]);
    for (const host of ["north/zfront", "north/zpod1"]) {
      const ready = await eventually(
        `${host} is ready`,
        60,
        () => bed.agent(host, "/readyz", "--fail-with-body"),
        ({ status }) => status === 0,
      );
      expect(JSON.parse(ready.stdout)).toMatchObject({ ready: true });
    }
    await eventually(
      "north serves",
      15,
      () => bed.get(hello, "north"),
      ({ status, site }) => status === 200 && site === "north",
    );
  });

  test("a VM that was power-cut comes back and serves", async () => {
    await bed.powerOff("south/zfront");
    await bed.powerOn("south/zfront");
    await eventually(
      "south serves",
      60,
      () => bed.get(hello, "south"),
      ({ status, site }) => status === 200 && site === "south",
    );
  });
});
