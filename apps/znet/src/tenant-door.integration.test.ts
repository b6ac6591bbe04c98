import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { loadMap, type ZMap } from "@zcloud/map";
import { systemClock } from "@zcloud/reconcile";
import { freePort } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTenantDoor } from "./tenant-door.ts";

const store = mkdtempSync(join(tmpdir(), "zc-tenant-door-"));
const canary = join(store, "canary");
const day = new Date().toISOString().slice(0, 10);
const file = (host: string, kind = "") => join(store, host, `${kind}${day}.jsonl`);
const tokens = { demo: "zcl_demo-0123456789-0123456789", garden: "zcl_garden-0123456789-0123456789" };
const hashed = (token: string) => `sha256:${createHash("sha256").update(token).digest("hex")}`;
let map = mapOf([tokens.demo]);
const answered: string[] = [];
const signal = AbortSignal.timeout(60_000);
const door = createTenantDoor({
  host: new LocalHost(),
  clock: systemClock,
  store,
  site: "north",
  signal,
  map: () => map,
  asked: (tenant, status) => answered.push(`${tenant ?? "nobody"} ${status}`),
});
let port: number;

function mapOf(demo: readonly string[]): ZMap {
  const loaded = loadMap(
    `domain: lab.example
operators: [{ name: lab, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/" }]
sites: { north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24 } }
log: { name: logs.lab.example }
tenants:
  demo: { tokens: [${demo.map((token) => `"${hashed(token)}"`).join(", ")}] }
  garden: { tokens: ["${hashed(tokens.garden)}"] }
`,
    "m",
  );
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  return loaded.map;
}

const said = (msg: string, service = "", ago = 60_000) =>
  `${JSON.stringify({ at: new Date(Date.now() - ago).toISOString(), level: "info", unit: "u", tag: "t", pid: "1", service, msg })}\n`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The path goes out as it is: fetch would tidy it. */
function ask(path: string, token?: string, method = "GET", enough?: (text: string) => boolean): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let text = "";
      const done = () => resolve({ status: response.statusCode ?? 0, text });
      response.setEncoding("utf8").on("data", (some: string) => {
        text += some;
        if (enough?.(text)) done();
      });
      response.on("end", done).on("close", done).on("error", done);
    });
    sent.on("error", reject).end();
  });
}

const messages = ({ text }: Answer) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { msg: string }).msg);

beforeAll(async () => {
  for (const host of ["zpod1", "znet", "zfront"]) mkdirSync(join(store, host));
  writeFileSync(
    file("zpod1"),
    [
      said("an old one", "demo/hello/web", 5 * 3_600_000),
      said("of demo", "demo/hello/web"),
      said("of garden", "garden/wiki/web"),
      said("of the host, about demo/hello/web"),
      said("of one whose name begins so", "demo2/hello/web"),
      said('{"service":"demo/hello/web","msg":"injected"}', "garden/wiki/web"),
      `demo/hello/web no JSON at all\n`,
    ].join(""),
  );
  writeFileSync(file("znet"), said("of znet, which knows a demo"));
  const request = (endpoint: string, path: string) =>
    `${JSON.stringify({ at: new Date().toISOString(), site: "north", endpoint, path, client: "192.0.2.0" })}\n`;
  writeFileSync(
    file("zfront", "access-"),
    request("demo/hello/web", "/mine") + request("garden/wiki/web", "/demo/hello/web") + request("", "/nobody"),
  );
  port = await freePort();
  await door.open("127.0.0.1", port);
});

afterAll(async () => {
  await door.close();
  rmSync(store, { recursive: true, force: true });
});

test("a token opens its tenant's lines, of the last hour or what is asked for", async () => {
  expect(messages(await ask("/north/", tokens.demo))).toEqual(["of demo"]);
  expect(messages(await ask("/north?since=6h", tokens.demo))).toEqual(["an old one", "of demo"]);
  expect(messages(await ask("/north/?project=hello&service=web", tokens.demo))).toEqual(["of demo"]);
  expect(messages(await ask("/north/?project=other", tokens.demo))).toEqual([]);
  expect(messages(await ask("/north/?grep=of", tokens.garden))).toEqual(["of garden"]);
  const [line] = (await ask("/north/", tokens.demo)).text.split("\n");
  expect(Object.keys(JSON.parse(line ?? "") as object)).toEqual(["at", "site", "level", "service", "msg"]);
});

test("requests at its own endpoints, and nobody else's", async () => {
  const { text } = await ask("/north/?kind=access", tokens.demo);
  expect(
    text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { path: string }).path),
  ).toEqual(["/mine"]);
});

test.each([
  [undefined],
  [""],
  ["zcl_wrong-0123456789-0123456789"],
  [hashed(tokens.demo)],
  [hashed(tokens.demo).slice(7)],
  [`${tokens.demo}x`],
  [tokens.demo.slice(0, -1)],
])("without its token nobody reads anything: %s", async (token) => {
  expect(await ask("/north/", token)).toMatchObject({
    status: 401,
    text: expect.not.stringContaining("of ") as string,
  });
});

const hostile = [
  "project=../garden",
  "project=garden%2Fwiki",
  "tenant=garden",
  "service=garden/wiki/web",
  "host=znet",
  "unit=u",
  "project=wiki&tenant=garden",
  `grep=${encodeURIComponent(`'; touch ${canary}; '`)}`,
  `grep=${encodeURIComponent(`$(touch ${canary})`)}`,
  `grep=${encodeURIComponent("-e of -f /etc/passwd")}`,
  `grep=${encodeURIComponent("of\ngarden")}`,
  "grep=%00",
  "grep=%ff%fe",
  "project=hello&project=wiki",
  "since=1970-01-01T00:00:00Z",
  "kind=access",
];
test.each(hostile)("?%s shows nothing of anybody else, and runs nothing", async (query) => {
  const { text } = await ask(`/north/?${query}`, tokens.demo);
  expect(text).not.toMatch(/of garden|of the host|of znet|begins so|injected|nobody|no JSON|root:/);
  expect(() => rmSync(canary)).toThrow(/ENOENT/);
});

test.each([
  ["GET", "/south/", 404],
  ["GET", "/north/../garden/", 404],
  ["GET", "//north/", 404],
  ["GET", "/v1/logs?service=garden", 404],
  ["GET", "/metrics", 404],
  ["POST", "/north/", 405],
  ["GET", "/north/healthz", 200],
])("%s %s: %i", async (method, path, status) => {
  expect(await ask(path, tokens.demo, method)).toMatchObject({ status });
});

test("one tenant's questions leave room for the others', and end when its token goes from the map", async () => {
  const path = "/north/?follow=true";
  const follow = (token: string, until: string) => ask(path, token, "GET", (text) => text.includes(until));
  const [first, second] = [follow(tokens.demo, "never said"), follow(tokens.demo, "new of demo")];
  await expect.poll(async () => (await ask("/north/", tokens.demo)).status).toBe(429);
  expect((await ask("/north/", tokens.garden)).status).toBe(200);
  const other = follow(tokens.garden, "new of garden");
  appendFileSync(file("zpod1"), said("new of demo", "demo/hello/web", 0) + said("new of garden", "garden/wiki/web", 0));
  expect(messages(await second)).toEqual(["of demo", "new of demo"]);
  expect((await other).text).not.toContain("of demo");
  map = mapOf([]);
  door.mapChanged();
  expect((await first).text).not.toContain("garden");
  expect((await ask("/north/", tokens.demo)).status).toBe(401);
  expect(answered).toContain("demo 429");
});
