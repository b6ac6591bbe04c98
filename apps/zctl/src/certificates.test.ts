import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "./world.test-support.ts";

const repository = new URL("../../../", import.meta.url).pathname;
const name = "wiki.lab.example";
const good = {
  ...{ name, names: [name], state: "good", issuer: "Let's Encrypt R11", notAfter: "2027-02-19T14:00:00.000Z" },
  ...{ lastError: null, failing: [], nextAttempt: "2027-01-20T14:00:00.000Z", why: "third" },
};
const lastError = { kind: "refused", reason: "no such name", at: "2026-11-22T13:50:00.000Z", failures: 2 };
const failing = {
  ...{ name, names: [name], state: "failing", issuer: null, notAfter: null, lastError, why: "failed" },
  ...{ failing: [{ name, reason: "no such name" }], nextAttempt: "2026-11-22T14:30:00.000Z" },
};
let directory: string;
let world: World;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zctl-certificates-"));
  cpSync(join(repository, "deploy/maps/lab.yaml"), join(directory, "zcloud.yaml"));
  world = new World(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a front tells, and what it answers to the wish; the list's later answers come after it was asked so often. */
function front(
  site: string,
  lists: readonly object[],
  retry: readonly [number, object] = [404, { error: "no" }],
  budgets: readonly object[] = [],
): void {
  let asked = 0;
  world.host(`${site}/zfront`).script = {
    agent: {
      "GET /v1/certificates": () => [
        200,
        { certificates: [lists[Math.min(asked++, lists.length - 1)]].flat(), budgets },
      ],
      [`POST /v1/certificates/${name}/retry`]: () => retry,
    },
  };
}

test("what fails first with the command that helps, then one line a name", async () => {
  front("north", [good]);
  front("south", [failing]);
  expect(await world.zctl("certificates")).toBe(1);
  expect(world.out).toMatchInlineSnapshot(`
    "wiki.lab.example at south: no certificate yet, 2 times: no such name
      next attempt in 30 min by itself; now: zctl certificates retry wiki.lab.example --site south
    NAMES             AT NORTH                                          AT SOUTH
    wiki.lab.example  89 d left, by Let's Encrypt R11, renewed in 59 d  none, tried again in 30 min
    "
  `);
  expect(await world.zctl("certificates", "--site", "north")).toBe(0);
  expect(world.out).toMatchInlineSnapshot(`
    "NAMES             AT NORTH
    wiki.lab.example  89 d left, by Let's Encrypt R11, renewed in 59 d
    "
  `);
});

test("names that share a certificate are one line, also where the sites put them together in different ways", async () => {
  const [a, b, c] = ["a.lab.example", "b.lab.example", "c.lab.example"];
  const budget = { limit: "certificates of a domain", of: "lab.example", most: 25, left: 3, windowSeconds: 604_800 };
  const used = { ...budget, moreAfter: "2026-11-25T14:00:00.000Z" };
  front("north", [{ ...good, name: a, names: [a, b, c] }], undefined, [used, { ...used, left: 20 }]);
  const waits = { state: "waiting", nextAttempt: used.moreAfter, why: "budget: certificates of a domain lab.example" };
  const wished = { ...good, name: a, names: [a, b], why: "authority" };
  world.host("south/zfront").script = {
    agent: {
      "GET /v1/certificates": () => [
        200,
        { certificates: [wished, { ...failing, ...waits, name: c, names: [c] }], budgets: [] },
      ],
    },
  };
  expect(await world.zctl("certificates")).toBe(1);
  expect(world.out).toMatchInlineSnapshot(`
    "NAMES                        AT NORTH                                          AT SOUTH
    a.lab.example b.lab.example  89 d left, by Let's Encrypt R11, renewed in 59 d  89 d left, by Let's Encrypt R11, renewed in 59 d (the authority's wish)
    c.lab.example                89 d left, by Let's Encrypt R11, renewed in 59 d  none, ordered in 3 d (budget: certificates of a domain lab.example)
    north may still make 3 of its 25 orders in 7 d (certificates of a domain lab.example), more in 3 d
    "
  `);
  await world.zctl("certificates", "--json");
  const { certificates, budgets } = JSON.parse(world.out);
  expect(certificates.map((row: { names: unknown }) => row.names)).toEqual([[a, b], [c]]);
  expect(budgets).toEqual([
    { site: "north", ...used },
    { site: "north", ...used, left: 20 },
  ]);
});

test("an old certificate that can't be renewed is still shown to visitors; a site out of reach is named", async () => {
  front("north", [{ ...good, state: "failing", lastError: { ...lastError, failures: 1 } }]);
  world.host("south/zfront").script = { down: true };
  expect(await world.zctl("certificates")).toBe(1);
  expect(world.out).toContain("wiki.lab.example at north: no new certificate: no such name");
  expect(world.out).toContain("south/zfront is unreachable from here");
});

test("retry: a new attempt that ends well at one site, and nothing to do at the other", async () => {
  const ordering = { ...failing, state: "ordering" };
  front("north", [failing, ordering, good], [202, { name, state: "ordering", lastErrorAt: lastError.at }]);
  front("south", [good], [409, { name, state: "good", notAfter: good.notAfter, error: "it is good" }]);
  expect(await world.zctl("certificates", "retry", name)).toBe(0);
  expect(world.out).toMatchInlineSnapshot(`
    "✓ north    wiki.lab.example has a certificate for 89 d
    ✓ south    nothing to do: the certificate of wiki.lab.example is good for 89 d
    "
  `);
  expect(world.host("north/zfront").ran[0]).toContain("retry?actor=lab");
});

test("retry: what fails again says why and when it goes on; what the authority counts is not passed over", async () => {
  const again = {
    ...failing,
    lastError: { ...lastError, reason: "still no such name", at: "2026-11-22T14:00:01.000Z" },
  };
  front("north", [failing, again], [202, { name, state: "ordering", lastErrorAt: lastError.at }]);
  const error = `the authority refused ${name} twice within the hour, and counts; the next attempt is at 14:30`;
  front("south", [failing], [429, { name, state: "failing", nextAttempt: failing.nextAttempt, error }]);
  expect(await world.zctl("certificates", "retry", name)).toBe(1);
  expect(world.out).toMatchInlineSnapshot(`
    "✗ north    still no such name; next attempt in 30 min
    ✗ south    the authority refused wiki.lab.example twice within the hour, and counts; the next attempt is at 14:30
    "
  `);
  front("north", [failing], [202, { name, state: "ordering", lastErrorAt: lastError.at }]);
  expect(await world.zctl("certificates", "retry", name, "--site", "north", "--patience", "2")).toBe(1);
  expect(world.out).toContain("is still being ordered");
});

test("retry: a name that no front serves, and words that are not understood", async () => {
  for (const site of ["north", "south"]) front(site, [good], [404, { error: `this front serves no ${name}` }]);
  expect(await world.zctl("certificates", "retry", name)).toBe(1);
  expect(world.out).toContain(`✗ north    this front serves no ${name}`);
  expect(await world.zctl("certificates", "retyr", name)).toBe(2);
  expect(await world.zctl("certificates", "retry")).toBe(2);
});
