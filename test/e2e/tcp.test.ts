import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

/** Of `zctl uptime --json`. */
interface Uptimes {
  readonly endpoints: readonly {
    readonly port: number | null;
    readonly doors: readonly { readonly state: string }[];
  }[];
}

let bed: Testbed;
/** Of the map's service `who`, and the one that the stack asks for itself. */
const [ofMap, ofStack] = [7007, 7008] as const;

beforeAll(async () => {
  bed = await openTestbed();
});

afterAll(async () => {
  await bed.powerOn("north", "south");
});

/** What a visitor reads there: the name of the container that answered. */
async function who(site: string, port: number = ofMap): Promise<string> {
  const { stdout } = await bed.client([
    "curl",
    "-sS",
    "--max-time",
    "5",
    `telnet://${bed.publicAddress(site)}:${port}`,
  ]);
  return stdout.trim().replace(/^220 /, "");
}

async function containersAt(site: string): Promise<readonly string[]> {
  const { stdout } = await bed.script(`${site}/zpod1`, "podman ps --format '{{.ID}}'");
  return stdout.trim().split("\n");
}

const here = async (site: string, port: number = ofMap): Promise<boolean> => {
  const name = await who(site, port);
  return name !== "" && (await containersAt(site)).some((id) => id.startsWith(name) || name.startsWith(id));
};

test.each([
  "north",
  "south",
])("a port of the map is open to the world at %s, and leads to its own container", async (site) => {
  await eventually(`who at ${site}`, 30, () => here(site), Boolean);
});

test.each(["north", "south"])("a port that the stack asks for itself is open at %s too", async (site) => {
  await eventually(`the stack's port at ${site}`, 30, () => here(site, ofStack), Boolean);
});

test("its ports are probed through both doors, from both sites", async () => {
  const states = await eventually(
    "four views of each port",
    60,
    async () => {
      const { stdout } = await bed.zctl("uptime", "demo/hello:who", "--json");
      return (JSON.parse(stdout) as Uptimes).endpoints.map(({ port, doors }) => [
        port,
        ...doors.map(({ state }) => state),
      ]);
    },
    (rows) =>
      rows.length === 2 && rows.every((one) => one.length === 5 && one.slice(1).every((state) => state === "up")),
  );
  expect(states.map(([port]) => port)).toEqual([ofMap, ofStack]);
});

test("a container that stands still takes connections and greets nobody: the other site answers for it, until it goes on", async () => {
  const south = await containersAt("south");
  const tell = (signal: string) =>
    bed.script("north/zpod1", `podman kill -s ${signal} $(podman ps -q --filter label=com.docker.compose.service=who)`);
  await tell("STOP");
  try {
    for (const port of [ofMap, ofStack]) {
      await eventually(
        `south answers for north's port ${port}`,
        30,
        () => who("north", port),
        (name) => south.some((id) => name !== "" && id.startsWith(name)),
      );
    }
  } finally {
    await tell("CONT");
  }
  for (const port of [ofMap, ofStack]) await eventually("north answers itself", 30, () => here("north", port), Boolean);
});

test("with the site's host gone the other site's container answers, and its own when it is back", async () => {
  const south = await containersAt("south");
  await bed.powerOff("north/zpod1");
  const answered = await eventually(
    "south answers for north",
    20,
    () => who("north"),
    (name) => south.some((id) => id.startsWith(name) && name !== ""),
  );
  expect(answered).not.toBe("");
  const own = await who("north", ofStack);
  expect(south.some((id) => id.startsWith(own) && own !== "")).toBe(true);
  await bed.powerOn("north/zpod1");
  await eventually("north answers itself", 60, () => here("north"), Boolean);
});
