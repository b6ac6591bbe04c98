import { createSocket, type Socket } from "node:dgram";
import { eventually, freePorts } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { ask } from "./client.test-support.ts";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

/** A line as `zctl logs` and others may rely on it. */
const Line = z.strictObject({
  at: z.iso.datetime({ offset: true }).or(z.string().regex(/^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d{4}$/)),
  site: z.string(),
  served_by: z.string().nullish(),
  name: z.string().nullish(),
  tenant: z.string().nullish(),
  endpoint: z.string().nullish(),
  client: z.string(),
  method: z.string(),
  path: z.string(),
  protocol: z.union([z.number(), z.string()]),
  status: z.coerce.number(),
  bytes: z.coerce.number(),
  received: z.coerce.number(),
  wait_ms: z.coerce.number(),
  queue_ms: z.coerce.number(),
  connect_ms: z.coerce.number(),
  answer_ms: z.coerce.number(),
  total_ms: z.coerce.number(),
  retries: z.union([z.boolean(), z.number(), z.string()]).nullish(),
  ended: z.string(),
  tls: z.string(),
  cipher: z.string(),
});
type Line = z.infer<typeof Line>;

let sites: TwoFronts;
let log: Socket;
let backend: Backend;
let south: Backend;
const received: string[] = [];

function lines(): readonly Line[] {
  return received.map((frame) => Line.parse(JSON.parse(frame.slice(frame.indexOf("{")))));
}

const lineOf = async (path: string): Promise<Line> => {
  await eventually(`a line of ${path}`, () => lines().some((line) => line.path === path), 10_000);
  return lines().find((line) => line.path === path) as Line;
};

async function listen(port: number): Promise<void> {
  log = createSocket("udp4", (message) => received.push(message.toString("latin1")));
  await new Promise<void>((resolve) => log.bind(port, "127.0.0.1", resolve));
}

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  await listen(port);
  sites = await twoFronts(undefined, { accessLog: { target: `127.0.0.1:${port}`, format: "rfc5424" } });
  backend = await startBackend("web");
  south = await startBackend("south");
  const own = [endpoint("north", "web", [backend.port])];
  const peers = [endpoint("south", "web", [south.port]), endpoint("south", "far", [south.port])];
  await Promise.all([sites.north.serve(own, peers), sites.south.serve(peers, own)]);
  await eventually("the way to the peer is open", () => sites.north.linkOpen());
});

afterAll(() => {
  backend.kill("SIGKILL");
  south.kill("SIGKILL");
  log.close();
  sites.remove();
});

test("a request is one line: who served what to whom, how long it took, and no more of the visitor than his network", async () => {
  await ask(sites.north.ports.https, "web.demo.lab.example", "/a/b?secret=1");
  const line = await lineOf("/a/b");
  expect(line).toMatchObject({
    site: "north",
    served_by: "north",
    name: "web.demo.lab.example",
    tenant: "demo",
    endpoint: "demo/app/web",
    client: "127.0.0.0",
    method: "GET",
    status: 200,
  });
  expect(line.tls).toBe("TLSv1.3");
  expect(line.bytes).toBeGreaterThan(0);
  expect(line.total_ms).toBeGreaterThanOrEqual(0);
  expect(received.join()).not.toContain("secret");
});

test("a request that the peer served says so; one for nobody, and one with a strange path, are lines too", async () => {
  await ask(sites.north.ports.https, "far.demo.lab.example", "/far");
  expect(await lineOf("/far")).toMatchObject({ site: "north", served_by: "south", endpoint: "demo/app/far" });
  await ask(sites.north.ports.https, "nobody.demo.lab.example", "/nobody");
  expect(await lineOf("/nobody")).toMatchObject({ status: 404, name: "nobody.demo.lab.example" });
  await ask(sites.north.ports.https, "web.demo.lab.example", '/"quoted"\\back');
  // HAProxy's way of writing what would end a quoted text.
  await lineOf("/#22quoted#22\\back");
});

test("a log that is away delays nobody, and gets what comes when it is back", async () => {
  const { port } = log.address();
  await new Promise<void>((resolve) => log.close(resolve));
  expect((await ask(sites.north.ports.https, "web.demo.lab.example", "/while-away")).status).toBe(200);
  await listen(port);
  await ask(sites.north.ports.https, "web.demo.lab.example", "/again");
  await lineOf("/again");
});
