import type { Intent } from "@zcloud/events";
import { NotConvergedError } from "@zcloud/reconcile";
import { eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, startLoad } from "./client.test-support.ts";
import {
  type Backend,
  endpoint,
  type Front,
  startBackend,
  type TwoFronts,
  twoFronts,
  wish,
} from "./two-fronts.test-support.ts";

let sites: TwoFronts;
const at: Record<string, Backend> = {};
const names = ["north-web1", "north-web2", "south-web1", "north-sticky1", "north-sticky2", "south-sticky1"] as const;

beforeAll(async () => {
  sites = await twoFronts();
  for (const name of names) at[name] = await startBackend(name);
});

afterAll(() => {
  for (const backend of Object.values(at)) backend.kill("SIGKILL");
  sites.remove();
});

/** Both fronts with these intents: a host for each server, `north/zpod1` has the first. */
async function serve(...intents: readonly Intent[]): Promise<void> {
  const of = (site: string) =>
    names
      .filter((name) => name.startsWith(site))
      .map((name) => {
        const [, service = ""] = /-([a-z]+)/.exec(name) ?? [];
        const http = service === "sticky" ? { sticky: true as const } : {};
        return endpoint(site, service, [at[name]?.port ?? 0], { host: `${site}/zpod${name.at(-1)}`, http });
      });
  const pass = (front: Front, own: string, other: string): Promise<number> =>
    eventually(`${own} converges`, async () => {
      try {
        await front.serve(of(own), of(other), intents);
        return true;
      } catch (error) {
        // A server that leaves goes when its last connection does.
        if (error instanceof NotConvergedError) return false;
        throw error;
      }
    });
  await Promise.all([pass(sites.north, "north", "south"), pass(sites.south, "south", "north")]);
}

const host = (service: string): string => `${service}.demo.lab.example`;

async function whoAnswers(service: string, headers: Readonly<Record<string, string>> = {}, path = "/") {
  const answer = await ask(sites.north.ports.https, host(service), path, { headers });
  const body = answer.status === 200 ? (JSON.parse(answer.body) as { name: string }).name : "";
  return { status: answer.status, name: body, headers: answer.headers };
}

async function answerers(service: string, times: number): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let count = 0; count < times; count += 1) found.add((await whoAnswers(service)).name);
  return [...found].sort();
}

test("a host, then the site is drained under GETs: none is lost, what is under way ends, nothing new comes", async () => {
  await serve();
  const load = startLoad(sites.north.ports.https, host("web"), 100);
  await eventually("load runs", () => load.sent() > 50);
  const slow = Array.from({ length: 6 }, () => whoAnswers("web", {}, "/?wait=1500"));
  await eventually("they are under way", async () => {
    const asked = await Promise.all(["north-web1", "north-web2"].map((name) => at[name]?.asked()));
    return asked.flat().filter((one) => one?.url === "/?wait=1500").length === 6;
  });
  await serve(wish("drain", "north/zpod1"));
  expect(await answerers("web", 20)).toEqual(["north-web2"]);
  await serve(wish("drain", "north"));
  expect(await answerers("web", 50)).toEqual(["south-web1"]);
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  for (const name of ["north-web1", "north-web2"]) at[name]?.kill("SIGKILL");
  expect(await answerers("web", 20)).toEqual(["south-web1"]);
  for (const name of ["north-web1", "north-web2"]) at[name] = await startBackend(name, at[name]?.port);
  await serve();
  await eventually("north again", async () => (await answerers("web", 10)).join() === "north-web1,north-web2");
  const result = await load.end();
  console.info("drain:", result);
  expect(result.failures).toEqual([]);
});

test("a drain turns nobody away: peer's servers gone, and the peer's front gone", async () => {
  await serve(wish("drain", "north"));
  expect(await answerers("web", 5)).toEqual(["south-web1"]);
  at["south-web1"]?.kill("SIGKILL");
  // Nobody has told the fronts: HAProxy finds a drained server by itself.
  const without = await Promise.all(Array.from({ length: 20 }, () => whoAnswers("web")));
  expect(without.map(({ status }) => status)).toEqual(without.map(() => 200));
  at["south-web1"] = await startBackend("south-web1", at["south-web1"]?.port);
  await eventually("south again", async () => (await answerers("web", 5)).join() === "south-web1");
  sites.south.stop();
  const alone = await Promise.all(Array.from({ length: 20 }, () => whoAnswers("web")));
  expect(alone.map(({ status }) => status)).toEqual(alone.map(() => 200));
  sites.south.start();
  await eventually("the link is open", () => sites.north.linkOpen());
});

test("who has the cookie of a drained server is served by another one, and stays there", async () => {
  await serve();
  const first = await whoAnswers("sticky");
  const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
  expect(cookie).toMatch(/^zcloud-server=./);
  for (let count = 0; count < 6; count += 1) expect((await whoAnswers("sticky", { cookie })).name).toBe(first.name);
  await serve(wish("drain", `north/zpod${first.name.at(-1)}`));
  const moved = await whoAnswers("sticky", { cookie });
  expect([moved.status, moved.name === first.name]).toEqual([200, false]);
  const next = String(moved.headers["set-cookie"]).split(";")[0] ?? "";
  for (let count = 0; count < 6; count += 1)
    expect((await whoAnswers("sticky", { cookie: next })).name).toBe(moved.name);
});

test("maintenance: 503 with a page of its own at both doors for that service only, without a reload", async () => {
  await serve();
  const pid = (await sites.south.observe()).running?.pid;
  const reason = 'we move the <b>shelves</b>; "back" at 5 % | o\'clock \\ 17 – ü';
  await serve({ ...wish("maintenance", "demo/app:web"), reason });
  const shown = "<p>we move the &lt;b&gt;shelves&lt;/b&gt;; &quot;back&quot; at 5 % | o&#39;clock \\ 17 – ü</p>";
  for (const { ports } of [sites.north, sites.south]) {
    const answer = await ask(ports.https, host("web"));
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "300"]);
    expect(answer.body).toContain("This site is being worked on");
    expect(answer.body.endsWith(shown)).toBe(true);
    expect((await ask(ports.https, host("sticky"))).status).toBe(200);
  }
  // A reload finds the same words.
  await sites.north.reload();
  expect((await ask(sites.north.ports.https, host("web"))).body.endsWith(shown)).toBe(true);
  await serve(wish("maintenance", "demo/app:web"));
  expect((await ask(sites.north.ports.https, host("web"))).body.endsWith("<p></p>")).toBe(true);
  await serve();
  expect((await whoAnswers("web")).status).toBe(200);
  expect((await sites.south.observe()).running?.pid).toBe(pid);
});
