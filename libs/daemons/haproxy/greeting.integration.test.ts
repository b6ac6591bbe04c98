import { eventually, freePorts } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askPort } from "../probe/ask-port.ts";
import { type Greeter, startGreeter } from "./greeter.test-support.ts";
import { endpoint, loopback, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

let sites: TwoFronts;
const ports: Record<string, number> = {};
const at: Record<string, Greeter> = {};
/** Service -> what it promises, and whether it wants to be told of visitors. */
const services = {
  smtp: { greets: "220", tells: false },
  imap: { greets: "* OK", tells: true },
  pop: { greets: "+OK", tells: false },
} as const;
type Service = keyof typeof services;

beforeAll(async () => {
  const free = await freePorts(3);
  for (const [index, service] of Object.keys(services).entries()) ports[service] = free[index] ?? 0;
  sites = await twoFronts(undefined, {}, (map) => ({
    ...map,
    tcp: Object.entries(services).map(([service, { greets, tells }]) => {
      const of = { tenant: "demo", project: "app", service };
      return { name: service, port: ports[service] ?? 0, ...of, proxyProtocol: tells, greets };
    }),
  }));
  for (const site of ["north", "south"]) {
    for (const [service, { greets, tells }] of Object.entries(services)) {
      at[`${site}-${service}`] = await startGreeter(`${greets} ${site} ready\r\n`, tells);
    }
  }
  at["liar"] = await startGreeter("554 north does not want you\r\n");
  await serve();
  await eventually("the way to the peer is open", () => sites.north.linkOpen());
});

afterAll(() => {
  for (const one of Object.values(at)) one.signal("SIGKILL");
  sites.remove();
});

const own = (site: string, smtp: readonly string[] = [`${site}-smtp`]) =>
  (Object.keys(services) as Service[]).map((service) => {
    const servers = service === "smtp" ? smtp : [`${site}-${service}`];
    return endpoint(
      site,
      service,
      servers.map((name) => at[name]?.port ?? 0),
      { names: [] },
    );
  });

async function serve(smtp?: readonly string[]): Promise<readonly string[]> {
  const actions = await sites.north.serve(own("north", smtp), own("south"));
  await sites.south.serve(own("south"), own("north", smtp));
  return actions.map(({ kind }) => kind);
}

/** What a visitor of north's front finds. */
function ask(service: Service, site: "north" | "south" = "north", greets: string = services[service].greets) {
  const door = { site, address: loopback[site], port: ports[service] ?? 0 };
  return askPort({ door, greets }, { patience: 1_000, signal: new AbortController().signal });
}

const from = (site: string, service: Service): Promise<boolean> =>
  ask(service, "north", `${services[service].greets} ${site}`).then(({ ok }) => ok);

/** HAProxy's own opinion of this site's server. */
async function states(service: Service): Promise<readonly string[]> {
  const { running, slots } = await sites.north.observe();
  const servers = running?.servers.get(`e${slots.taken[`demo/app/${service}/${service}`]?.slot}`);
  return [...(servers ?? [])]
    .filter(([name]) => name.startsWith("s-"))
    .map(([name, { status }]) => `${name} ${status}`);
}

test("who greets as promised is up, last resorts too, and stays so", async () => {
  const up = (service: Service) => {
    const port = at[`north-${service}`]?.port;
    return [`s-north-${port} UP`, `s-north-${port}.last UP`];
  };
  const all = Object.keys(services) as Service[];
  const seen = () => Promise.all(all.map(states));
  await eventually("checks passed", async () => JSON.stringify(await seen()) === JSON.stringify(all.map(up)));
  // Longer than a check that fails takes to be seen.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await seen()).toEqual(all.map(up));
  for (const service of all) expect(await from("north", service)).toBe(true);
});

test.each([
  "smtp",
  "imap",
] as const)("%s: a server that is stopped, not killed, is left out, and is back when it goes on", async (service) => {
  const server = at[`north-${service}`];
  server?.signal("SIGSTOP");
  const stopped = performance.now();
  await eventually("the peer answers", () => from("south", service), 15_000);
  console.info(`${service}: stopped server left out after ${Math.round(performance.now() - stopped)} ms`);
  expect(await states(service)).toContain(`s-north-${server?.port} DOWN`);
  server?.signal("SIGCONT");
  await eventually("its own again", () => from("north", service), 15_000);
});

test("a server that says something else than was promised gets nobody", async () => {
  expect(await serve(["liar"])).not.toContain("reload");
  await eventually("the peer answers", () => from("south", "smtp"), 15_000);
  expect(await states("smtp")).toContain(`s-north-${at["liar"]?.port} DOWN`);
  await serve();
  await eventually("its own again", () => from("north", "smtp"), 15_000);
});

test("several servers: the one that is stopped is left out, at the front that is asked by the other too", async () => {
  at["second"] = await startGreeter("220 second ready\r\n");
  await serve(["north-smtp", "second"]);
  await eventually("both are up", async () => (await states("smtp")).filter((one) => one.endsWith(" UP")).length === 4);
  at["north-smtp"]?.signal("SIGSTOP");
  await eventually(
    "it is left out",
    async () => (await states("smtp")).includes(`s-north-${at["north-smtp"]?.port} DOWN`),
    15_000,
  );
  for (let visit = 0; visit < 5; visit += 1) expect(await from("second", "smtp")).toBe(true);
  at["north-smtp"]?.signal("SIGCONT");
  await serve();
  await eventually("alone again", () => from("north", "smtp"), 15_000);
});

test("what was promised is in the map as HAProxy reads it", async () => {
  expect(await ask("smtp", "north", "221")).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^greets with "220 (north|south) ready" instead of "221"$/),
  });
  const { slots } = await sites.north.observe();
  const map = await sites.north.haproxy.runtime.send(`show map ${sites.north.settings.paths.maps}/greets.map`);
  expect(map).toMatch(new RegExp(`^\\S+ e${slots.taken["demo/app/smtp/smtp"]?.slot} 220$`, "m"));
  expect(map).toMatch(/ %2BOK$/m);
});
