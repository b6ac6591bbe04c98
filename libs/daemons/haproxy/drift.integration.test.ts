import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { runPass } from "@zcloud/reconcile";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificate } from "./certificate.test-support.ts";
import { ask } from "./client.test-support.ts";
import { toRoutes } from "./index.ts";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

let sites: TwoFronts;
let server: Backend;

beforeAll(async () => {
  sites = await twoFronts();
  server = await startBackend("one");
  const { certificates } = sites.north.settings.paths;
  mkdirSync(certificates, { recursive: true });
  for (const name of ["one", "two"]) {
    const host = `${name}.demo.lab.example`;
    writeFileSync(`${certificates}/${host}.pem`, makeCertificate(host), { mode: 0o600 });
  }
});
afterAll(() => {
  server.kill("SIGKILL");
  sites.remove();
});

/** One pass of the same wish, and what it repaired that nobody here had changed. */
async function pass(): Promise<{ readonly kinds: readonly string[]; readonly drift: readonly string[] }> {
  const { haproxy, settings, drifted } = sites.north;
  const signal = AbortSignal.timeout(30_000);
  const desired = { settings, routes: wanted, unitFiles: new Map() };
  const from = drifted.length;
  const actions = await runPass(haproxy, desired, { read: signal, write: signal });
  return { kinds: actions.map(({ kind }) => kind), drift: drifted.slice(from) };
}

let wanted: ReturnType<typeof toRoutes>["routes"];

test("what somebody changes in the running process is repaired and counted, each kind, without a reload", async () => {
  const { north } = sites;
  const { maps, certificates, crtList } = north.settings.paths;
  const tamper = (command: string, payload?: string) => north.haproxy.runtime.send(command, payload);
  wanted = toRoutes(sites.map, [endpoint("north", "one", [server.port]), endpoint("north", "two", [])], []).routes;
  expect((await pass()).drift).toEqual([]);
  expect(await pass()).toEqual({ kinds: [], drift: [] });
  const pid = (await north.observe()).running?.pid;
  const one = `${certificates}/one.demo.lab.example.pem`;
  const id = `e1/s-north-${server.port}`;
  const attacks: readonly [string, () => Promise<unknown>][] = [
    ["map", () => tamper(`del map ${maps}/hosts.map one.demo.lab.example/`)],
    ["map", () => tamper(`set map ${maps}/health.map e1 /elsewhere`)],
    ["map", () => tamper(`add map ${maps}/hosts.map evil.demo.lab.example/ 1`)],
    ["server", () => tamper(`set server ${id} state maint`)],
    ["server", () => tamper(`set server ${id} addr 127.0.0.9 port 9`)],
    [
      "server",
      async () => {
        await tamper(`set server ${id} state maint`);
        await tamper(`del server ${id}`);
      },
    ],
    ["crt-list", () => tamper(`del ssl crt-list ${crtList} ${one}`)],
    [
      "certificate",
      async () => {
        await tamper(`set ssl cert ${one}`, makeCertificate("evil.demo.lab.example"));
        await tamper(`commit ssl cert ${one}`);
      },
    ],
    [
      "certificate",
      async () => {
        await tamper(`del ssl crt-list ${crtList} ${one}`);
        await tamper(`del ssl cert ${one}`);
      },
    ],
  ];
  for (const [kind, attack] of attacks) {
    await attack();
    expect((await pass()).drift.join(" "), `${kind} ${attack}`).toContain(kind);
    expect(await pass()).toEqual({ kinds: [], drift: [] });
    const answer = await ask(north.ports.https, "one.demo.lab.example");
    expect(answer.status).toBe(200);
  }
  expect((await north.observe()).running?.pid).toBe(pid);
});

test("our own changes are no drift: routes that come and go, renewed certificates, a reload", async () => {
  const { north } = sites;
  const { certificates } = north.settings.paths;
  const path = `${certificates}/two.demo.lab.example.pem`;
  const changes: readonly (() => unknown)[] = [
    () => {
      wanted = toRoutes(sites.map, [endpoint("north", "two", [server.port])], []).routes;
    },
    () => writeFileSync(path, makeCertificate("two.demo.lab.example"), { mode: 0o600 }),
    () => {
      const own = [endpoint("north", "one", [server.port]), endpoint("north", "two", [server.port, 9])];
      wanted = toRoutes(sites.map, own, [endpoint("south", "one", [1])]).routes;
    },
    () => writeFileSync(path, readFileSync(`${certificates}/one.demo.lab.example.pem`), { mode: 0o600 }),
    () => north.reload(),
  ];
  for (const change of changes) {
    await change();
    expect((await pass()).drift).toEqual([]);
    expect(await pass()).toEqual({ kinds: [], drift: [] });
  }
});
