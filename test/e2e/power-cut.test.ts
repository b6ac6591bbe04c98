import { expect, onTestFailed, test } from "vitest";
import { eventually, openTestbed } from "./support/testbed.ts";

const hello = "https://hello.lab.example/";
const notes = "https://notes.lab.example/";

/** The worst order: who needs something is there before what it needs, and nobody has a network until the last is there. */
const order = [["zpod1", "zfront"], ["zmah1", "zstore", "znet"], ["zcloud"]];

test("a whole site loses its power at one instant and boots in the worst order: everything serves again without a hand", async () => {
  const bed = await openTestbed();
  const steps: string[] = [];
  const begin = performance.now();
  const step = (what: string): number => steps.push(`${what} ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  expect(await bed.get(notes, "south")).toMatchObject({ status: 200, site: "north" });
  await bed.powerOff("south");
  onTestFailed(() => bed.powerOn("south"));
  expect((await bed.get(hello, "south")).status).toBe(0);
  expect(await bed.get(hello, "north")).toMatchObject({ status: 200, site: "north" });
  step("off");
  for (const hosts of order) await bed.powerOn(...hosts.map((host) => `south/${host}`));
  step("on");
  await eventually(
    "south serves by itself, under its certificate",
    60,
    () => bed.get(hello, "south"),
    (answer) => answer.status === 200 && answer.site === "south",
  );
  step("serves");
  expect(await bed.get(notes, "south")).toMatchObject({ status: 200, site: "north" });
  await eventually(
    "zctl status finds nothing wrong",
    90,
    () => bed.zctl("status"),
    ({ status }) => status === 0,
  );
  step("quiet");
  console.info("a site without power:", steps.join(", "));
});
