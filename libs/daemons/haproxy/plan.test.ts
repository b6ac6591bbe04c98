import type { Endpoint } from "@zcloud/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { carryOut, load, reachability, serving, settings } from "./front-model.test-support.ts";
import { toRoutes } from "./index.ts";
import { type DesiredFront, type FrontAction, frontPlanner, type ObservedFront, planFront } from "./plan.ts";
import { emptySlots } from "./slots.ts";
import { endpoint, labMap, lines } from "./two-fronts.test-support.ts";

const map = labMap();
const nothing: ObservedFront = {
  now: 0,
  files: new Map(),
  slots: emptySlots,
  inputs: [],
  certificates: [],
  placeholder: false,
  enabled: true,
  running: undefined,
};

const desire = (own: readonly Endpoint[], peer: readonly Endpoint[] = []): DesiredFront => {
  return { settings, routes: toRoutes(map, own, peer).routes, unitFiles: new Map() };
};

/** What would be on disk. */
function texts(actions: readonly FrontAction[]): readonly (readonly [string, string])[] {
  const files = actions.flatMap((action) => (action.kind === "write-config" ? action.files : []));
  return files.map(({ path, spec }) => [path, spec.content] as const);
}

function converge(
  desired: DesiredFront,
  from: ObservedFront,
  look?: (state: ObservedFront) => void,
  plan = planFront,
): ObservedFront {
  const actions = plan(desired, from);
  const fresh = planFront(desired, from);
  expect(lines(actions)).toEqual(lines(fresh));
  expect(texts(actions)).toEqual(texts(fresh));
  expect(actions.filter(({ drift }) => drift !== undefined)).toEqual([]);
  const after = actions.reduce((state, action) => carryOut(state, action, look), from);
  expect(lines(plan(desired, after))).toEqual([]);
  return after;
}

test("from nothing: placeholder, files, start; nothing else", () => {
  expect(lines(planFront(desire([endpoint("north", "web", [1])]), nothing)).map((line) => line.split(" ")[0])).toEqual([
    "make-placeholder",
    "write-config",
    "start",
  ]);
});

test("a new route: files first, its name last, as one line that people understand", () => {
  const before = converge(desire([]), nothing);
  const actions = planFront(desire([endpoint("north", "web", [1])], [endpoint("south", "web", [1])]), before);
  expect(lines(actions).slice(1)).toEqual(["route + web.demo.lab.example -> demo/app:web, peer south"]);
  const route = actions.find(({ kind }) => kind === "route");
  expect(route?.kind === "route" && route.steps.map(({ command }) => command)).toEqual([
    "add map /etc/haproxy/maps/health.map e1 /healthz",
    "add map /etc/haproxy/maps/vhosts.map e1 web.demo.lab.example",
    "add map /etc/haproxy/maps/endpoints.map 1 demo/app/web",
    "add server e1/peer.south 127.0.0.1:9547 id 900000 proto h2 track link/south",
    "enable server e1/peer.south",
    expect.stringMatching(/^add server e1\/s-north-1 127\.0\.0\.1:1 id \d+ check inter 500ms /),
    "enable health e1/s-north-1",
    "enable server e1/s-north-1",
    expect.stringMatching(/^add server e1\/s-north-1\.last 127\.0\.0\.1:1 id \d+ check addr 127\.0\.0\.1 port 9548 /),
    "enable health e1/s-north-1.last",
    "enable server e1/s-north-1.last",
    expect.stringMatching(/^add server l1\/s-north-1 127\.0\.0\.1:1 id \d+ check addr 127\.0\.0\.1 port 9548 /),
    "enable health l1/s-north-1",
    "enable server l1/s-north-1",
    "add map /etc/haproxy/maps/hosts.map web.demo.lab.example/ 1",
  ]);
});

test("another address of the peer or another challenge answer is static: one reload, no commands", () => {
  const wanted = desire([endpoint("north", "web", [1])], [endpoint("south", "web", [1])]);
  const before = converge(wanted, nothing);
  const changed = { ...wanted, settings: { ...settings, acmeThumbprint: "y".repeat(43) } };
  expect(lines(planFront(changed, before)).map((line) => line.split(" ")[0])).toEqual(["write-config", "reload"]);
  expect(
    lines(planFront(wanted, { ...before, inputs: ["a new certificate"] })).map((line) => line.split(" ")[0]),
  ).toContain("reload");
});

test("a front that runs but would not start at boot is enabled, and nothing else happens to it", () => {
  const before = { ...converge(desire([]), nothing), enabled: false };
  expect(lines(planFront(desire([]), before))).toEqual(["enable + haproxy starts at every boot"]);
});

test("no slot at this site can reach the peer for a request that came from the peer", () => {
  const wanted = desire(
    [endpoint("north", "web", [1, 2])],
    [endpoint("south", "web", [1]), endpoint("south", "far", [2])],
  );
  const config = converge(wanted, nothing).files.get(settings.paths.config)?.content ?? "";
  const backends = config.split(/^(?=backend |frontend )/m);
  const withPeer = backends
    .filter((section) => section.includes(" peer.south ") || section.includes("server south "))
    .map((section) => section.split(" ")[1]);
  expect(withPeer.length).toBeGreaterThan(0);
  expect(withPeer.filter((name) => !name?.startsWith("e"))).toEqual(["link", "tcp-link"]);
  const peer = backends.find((section) => section.startsWith("frontend peer"));
  expect(peer?.match(/use_backend \S+|default_backend \S+/g)).toEqual([
    "use_backend l%[var(txn.slot)]",
    "default_backend nowhere",
  ]);
  const arrived = backends.find((section) => section.startsWith("frontend tcp-local "));
  expect(arrived?.match(/use_backend \S+|default_backend \S+/g)).toEqual(["use_backend l%[var(sess.slot)]"]);
});

test("a server that drains goes when the one that takes its place is there", () => {
  const one = endpoint("north", "web", [4]);
  const two = endpoint("north", "web", [4, 5]);
  const [leaving, coming] = two.servers;
  if (leaving === undefined || coming === undefined) throw new Error("there are two servers");
  const before = converge(desire([one]), nothing);
  const wanted = desire([{ ...two, servers: [{ ...leaving, state: "draining" }, coming] }]);
  const commands = planFront(wanted, before).flatMap((action) => (action.kind === "route" ? action.steps : []));
  const at = (text: string) => commands.findIndex(({ command }) => command.startsWith(text));
  expect(at("enable server e1/s-north-5")).toBeGreaterThan(-1);
  expect(at("set server e1/s-north-4 state drain")).toBeGreaterThan(at("enable server e1/s-north-5"));
});

const services = ["a", "b", "c", "d"];
const someEndpoints = (site: string): fc.Arbitrary<readonly Endpoint[]> =>
  fc.uniqueArray(
    fc
      .record({
        service: fc.constantFrom(...services),
        ports: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
        quick: fc.boolean(),
        draining: fc.boolean(),
      })
      .map(({ service, ports, quick, draining }) => {
        const made = endpoint(site, service, ports, quick ? { answersWithin: 1000 } : {});
        return draining
          ? {
              ...made,
              servers: made.servers.map((server, index) =>
                index === 0 ? { ...server, state: "draining" as const } : server,
              ),
            }
          : made;
      }),
    { selector: ({ service }) => service },
  );

test("property: any change converges in one pass, no name ever leads to a slot without its servers, and a reload then changes nothing", () => {
  const empty = converge(desire([]), nothing);
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          own: someEndpoints("north"),
          peers: someEndpoints("south"),
          wait: fc.integer({ min: 0, max: 120_000 }),
        }),
        { maxLength: 6 },
      ),
      (rounds) => {
        let state = empty;
        // What it remembers must never make a difference.
        const plan = frontPlanner();
        for (const { own, peers, wait } of rounds) {
          const wanted = desire(own, peers);
          const served = wanted.routes.filter(({ peer, servers }) => peer || servers.some(({ draining }) => !draining));
          const must = served.flatMap(({ places }) => places);
          const before = reachability(state);
          state = converge(
            wanted,
            { ...state, now: state.now + wait },
            (between) => {
              const now = reachability(between);
              for (const name of must) {
                if (before.alive.has(name)) expect(now.alive).toContain(name);
                if (!before.dead.has(name)) expect(now.dead).not.toContain(name);
              }
            },
            plan,
          );
          for (const name of must) expect(reachability(state).alive).toContain(name);
          const reloaded = load(state, state.running?.description ?? "");
          expect(reloaded.maps).toEqual(state.running?.maps);
          expect(serving(reloaded)).toEqual(serving(state.running));
        }
      },
    ),
    { numRuns: 30 },
  );
}, 60_000);
