import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "./world.test-support.ts";

const repository = new URL("../../../", import.meta.url).pathname;
const name = "wiki.lab.example";
const good = {
  ...{ name, state: "good", issuer: "Let's Encrypt R11", notAfter: "2027-02-19T14:00:00.000Z", lastError: null },
  nextAttempt: "2027-01-20T14:00:00.000Z",
};
const lastError = { kind: "refused", reason: "no such name", at: "2026-11-22T13:50:00.000Z", failures: 2 };
const failing = {
  ...{ name, state: "failing", issuer: null, notAfter: null, lastError, nextAttempt: "2026-11-22T14:30:00.000Z" },
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
): void {
  let asked = 0;
  world.host(`${site}/zfront`).script = {
    agent: {
      "GET /v1/certificates": () => [200, { certificates: [lists[Math.min(asked++, lists.length - 1)]] }],
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
    NAME              AT NORTH                                          AT SOUTH
    wiki.lab.example  89 d left, by Let's Encrypt R11, renewed in 59 d  none, tried again in 30 min
    "
  `);
  expect(await world.zctl("certificates", "--site", "north")).toBe(0);
  expect(world.out).toMatchInlineSnapshot(`
    "NAME              AT NORTH
    wiki.lab.example  89 d left, by Let's Encrypt R11, renewed in 59 d
    "
  `);
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
