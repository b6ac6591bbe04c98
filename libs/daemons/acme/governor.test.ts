import fc from "fast-check";
import { expect, test } from "vitest";
import { type Attempts, noteFailure, noteSuccess } from "./attempts.ts";
import { groupNames } from "./groups.ts";
import { budgets, charge, type Ledger, type Outcome, settle, share } from "./ledger.ts";
import { type Limit, limitsOf, registeredDomain } from "./limits.ts";
import type { HeldCertificate } from "./model.ts";
import { hour, now } from "./plan.test-support.ts";
import { planOrders, sameNames } from "./plan.ts";
import { decideRetry } from "./state.ts";

/** Routes of one to three names under two domains. */
const routes = [
  ["a.one.example", "b.one.example", "c.one.example"],
  ["d.one.example"],
  ["e.two.example", "f.two.example"],
  ["g.two.example"],
];

const limits: readonly Limit[] = [
  { id: "orders", counts: "orders", per: "account", most: 12, window: 3 * hour, renewalsFree: false },
  { id: "domain", counts: "certificates", per: "domain", most: 8, window: 24 * hour, renewalsFree: true },
  { id: "same", counts: "certificates", per: "names", most: 5, window: 24 * hour, renewalsFree: false },
];

const step = fc.record({
  wait: fc.integer({ min: 0, max: 40 * 60_000 }),
  /** What becomes of an order; lost: the power goes while it is under way. */
  fate: fc.constantFrom("issued", "issued", "refused", "refused", "failed", "lost"),
  random: fc.double({ min: 0, max: 1, noNaN: true }),
  asked: fc.boolean(),
  /** What the service knows is what it wrote: it starts anew. */
  restart: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One order as the authority saw it. */
interface Seen {
  readonly at: number;
  readonly names: readonly string[];
  readonly renewal: boolean;
  readonly fate: Step["fate"];
}

/** A site over a schedule. Certificates live for six hours, so that renewals come too. */
function site(steps: readonly Step[], concurrency: number, within: readonly Limit[] = limits): readonly Seen[] {
  let attempts: Attempts = {};
  let ledger: Ledger = [];
  let have: HeldCertificate[] = [];
  let at = now;
  const seen: Seen[] = [];
  for (const { wait, fate, random, asked, restart } of steps) {
    at += wait;
    have = have.filter(({ notAfter }) => notAfter > at);
    if (restart) [attempts, ledger] = JSON.parse(JSON.stringify([attempts, ledger]));
    const wanted = groupNames(routes, have);
    const input = { wanted, have, attempts, ledger, limits: within, renewals: {}, underWay: [], orders: [], now: at };
    for (const [name, failure] of Object.entries(attempts)) {
      if (asked && decideRetry(name, input).kind === "now")
        attempts = { ...attempts, [name]: { ...failure, nextAt: at } };
    }
    const orders = planOrders({ ...input, attempts }).slice(0, concurrency);
    for (const { name, names, renewal } of orders) {
      const id = `${name} ${at} ${seen.length}`;
      ledger = charge(ledger, { id, at, names, renewal }, within);
      seen.push({ at, names, renewal, fate });
      if (fate === "lost") continue;
      ledger = settle(ledger, id, fate as Outcome);
      if (fate === "issued") {
        attempts = noteSuccess(attempts, names);
        const issued = { name, names, notBefore: at, notAfter: at + 6 * hour, issuer: "CA", fingerprint: id };
        have = [...have.filter((one) => one.name !== name), issued];
      } else {
        const kind = fate === "refused" ? "refused" : "directory";
        const reasons = Object.fromEntries(names.map((one) => [one, "no"]));
        attempts = noteFailure(attempts, { kind, reasons }, at, random);
      }
    }
  }
  return seen;
}

function most(times: readonly number[], window: number): number {
  return Math.max(0, ...times.map((time) => times.filter((other) => other >= time && other < time + window).length));
}

test("property: over any schedule, restart and power cut, both sites together never exceed a budget of the authority", () => {
  const schedule = fc.array(step, { maxLength: 120 });
  fc.assert(
    fc.property(schedule, schedule, fc.integer({ min: 1, max: 4 }), (north, south, concurrency) => {
      const seen = [...site(north, concurrency), ...site(south, concurrency)];
      for (const limit of limits) {
        const counted = seen.filter(({ fate, renewal }) => {
          if (limit.renewalsFree && renewal) return false;
          return limit.counts === "orders" || fate === "issued" || fate === "lost";
        });
        const keys = new Set(counted.flatMap(({ names }) => keysOf(limit, names)));
        for (const key of keys) {
          const times = counted.filter(({ names }) => keysOf(limit, names).includes(key)).map(({ at }) => at);
          expect(most(times, limit.window)).toBeLessThanOrEqual(limit.most);
        }
      }
    }),
  );
});

test("property: over any schedule, restart and power cut, fewer than 5 refusals a name and hour over both sites", () => {
  // An authority that mostly says no, and an operator who asks for more.
  const storm = fc.record({
    wait: fc.integer({ min: 0, max: 8 * 60_000 }),
    fate: fc.constantFrom("refused" as const, "refused" as const, "lost" as const, "failed" as const),
    random: fc.constant(0),
    asked: fc.constant(true),
    restart: fc.boolean(),
  });
  const schedule = fc.array(storm, { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(schedule, schedule, (north, south) => {
      const seen = [...site(north, 4, []), ...site(south, 4, [])].filter(
        ({ fate }) => fate === "refused" || fate === "lost",
      );
      for (const name of routes.flat()) {
        const times = seen.filter(({ names }) => names.includes(name)).map(({ at }) => at);
        expect(most(times, hour)).toBeLessThan(5);
      }
    }),
  );
});

function keysOf({ per }: Limit, names: readonly string[]): readonly string[] {
  if (per === "account") return ["all"];
  return per === "domain" ? names.map(registeredDomain) : [[...names].sort().join()];
}

test("a budget that is used up waits until the oldest no longer counts; operators see what is left", () => {
  const [limit] = limits;
  if (limit === undefined) throw new Error("no limit");
  let ledger: Ledger = [];
  for (let index = 0; index < share(limit); index += 1) {
    ledger = charge(ledger, { id: `${index}`, at: now + index, names: ["a.one.example"], renewal: false }, [limit]);
  }
  const [left] = budgets(ledger, [limit], now + 10);
  expect([left?.most, left?.left, left?.moreAt]).toEqual([6, 0, now + limit.window]);
  const input = {
    have: [],
    attempts: {},
    renewals: {},
    underWay: [],
    limits: [limit],
    orders: ["0", "1", "2", "3", "4", "5"],
  };
  const wanted = [{ name: "z.two.example", names: ["z.two.example"] }];
  expect(decideRetry("z.two.example", { ...input, wanted, ledger, now: now + 10 })).toEqual({
    kind: "forbidden",
    until: now + limit.window,
  });
  expect(planOrders({ ...input, wanted, ledger, now: now + limit.window })).toHaveLength(1);
});

test("Let's Encrypt's limits are known, its staging is not short of certificates, others are spared a flood", () => {
  expect(limitsOf("https://acme-v02.api.letsencrypt.org/directory").map(({ most: all }) => all)).toEqual([300, 50, 5]);
  expect(limitsOf("https://acme-staging-v02.api.letsencrypt.org/directory")).toHaveLength(1);
  expect(limitsOf("https://acme.lab.example:14000/dir").map(({ id }) => id)).toEqual(["new orders"]);
});

test.each([
  ["wiki.garden.example.net", "example.net"],
  ["example.net", "example.net"],
  ["www.garden.co.uk", "garden.co.uk"],
  ["a.b.club.or.at", "club.or.at"],
  ["co.example", "co.example"],
])("registered domain of %s: %s", (name, domain) => {
  expect(registeredDomain(name)).toBe(domain);
});

test("property: groups are a partition of the names, within the limit, and stay as they are when they have their certificates", () => {
  const names = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 260 });
  fc.assert(
    fc.property(names, names, (some, added) => {
      const of = (numbers: readonly number[]) => numbers.map((number) => `n${number}.example`);
      const first = groupNames([of(some)], []);
      const have = first.map((one, index) => {
        return { ...one, notBefore: now + index, notAfter: now + hour, issuer: "CA", fingerprint: one.name };
      });
      expect(groupNames([of(some)], have)).toEqual(first);
      const all = [...new Set([...some, ...added])];
      const second = groupNames([of(all)], have);
      expect(second.flatMap((one) => one.names).sort()).toEqual(of(all).sort());
      for (const group of second) {
        expect(group.names.length).toBeLessThanOrEqual(100);
        expect(group.names).toContain(group.name);
      }
      // A name more is an order for a certificate that is there, not for all others anew.
      for (const { name, names: members } of first) {
        const now = second.find((one) => one.name === name)?.names ?? [];
        expect(members.every((one) => now.includes(one))).toBe(true);
      }
    }),
  );
});

test("a route's names share a certificate that keeps its name; a name of two routes is in one; a wildcard is nobody's", () => {
  const have = [{ name: "b.example", names: ["b.example"], notBefore: 0, notAfter: 1, issuer: "CA", fingerprint: "b" }];
  const groups = groupNames(
    [
      ["a.example", "b.example", "*.example"],
      ["b.example", "c.example"],
    ],
    have,
  );
  expect(groups).toEqual([
    { name: "b.example", names: ["a.example", "b.example"] },
    { name: "c.example", names: ["c.example"] },
  ]);
  expect(sameNames(["a", "b"], ["b", "a"])).toBe(true);
});
