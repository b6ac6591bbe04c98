import { expect, test } from "vitest";
import { type Attempts, noteFailure, noteSuccess } from "./attempts.ts";
import { limitsOf } from "./limits.ts";
import { day, held, hour, idle, now, want } from "./plan.test-support.ts";
import { planOrders } from "./plan.ts";
import { renewAt } from "./renewal.ts";

const refuse = (attempts: Attempts, name: string, at = now) =>
  noteFailure(attempts, { kind: "refused", reasons: { [name]: "no" } }, at, 0.5);

test("missing ones first, then those that end first, and only from a third of life left", () => {
  const have = [held("young.example", 59), held("old.example", 61), held("older.example", 80)];
  const wanted = want("old.example", "young.example", "older.example", "new.example");
  expect(planOrders({ ...idle, wanted, have }).map(({ name, why }) => `${name} ${why}`)).toEqual([
    "new.example new",
    "older.example renewal",
    "old.example renewal",
  ]);
  expect(renewAt(held("a.example", 0), {})).toEqual({ at: now + 60 * day, why: "third" });
});

test("a certificate that lacks a name is ordered again; one that has more is good", () => {
  const have = [held("a.example", 1, ["a.example", "b.example"])];
  expect(planOrders({ ...idle, have, wanted: want("a.example") })).toEqual([]);
  const wanted = [{ name: "a.example", names: ["a.example", "c.example"] }];
  const order = { why: "other names", renewal: false, replaces: undefined };
  expect(planOrders({ ...idle, have, wanted })).toEqual([{ ...wanted[0], ...order }]);
});

test("a renewal says what it follows where the authority gave a window for that very certificate", () => {
  const have = [held("a.example", 70)];
  const told = { fingerprint: "a.example 70", id: "k.s", askAt: 0, failures: 0, window: { start: 0, end: 1 }, at: now };
  const orders = (fingerprint: string) =>
    planOrders({ ...idle, have, wanted: want("a.example"), renewals: { "a.example": { ...told, fingerprint } } });
  expect(orders("a.example 70")).toMatchObject([{ why: "renewal", renewal: true, replaces: "k.s" }]);
  expect(orders("another")).toMatchObject([{ why: "renewal", renewal: true, replaces: undefined }]);
});

test("a refused name holds up nobody: the others of its group are ordered without it, and it follows later", () => {
  const wanted = [{ name: "a.example", names: ["a.example", "b.example", "c.example"] }];
  const attempts = refuse({}, "b.example");
  const [order] = planOrders({ ...idle, wanted, attempts });
  expect(order?.names).toEqual(["a.example", "c.example"]);
  const have = [held("a.example", 0, ["a.example", "c.example"])];
  expect(planOrders({ ...idle, wanted, have, attempts })).toEqual([]);
  const [later] = planOrders({ ...idle, wanted, have, attempts, now: now + hour });
  expect([later?.why, later?.names]).toEqual(["other names", wanted[0]?.names]);
});

test("names whose preflight failed are tried again together, with the first whose turn it is", () => {
  const wanted = [{ name: "a.example", names: ["a.example", "b.example"] }];
  const fail = (attempts: Attempts, name: string) =>
    noteFailure(attempts, { kind: "preflight", reasons: { [name]: "no address" } }, now, 0);
  const attempts = fail(fail(fail({}, "b.example"), "b.example"), "a.example");
  expect(planOrders({ ...idle, wanted, attempts })).toEqual([]);
  const [order] = planOrders({ ...idle, wanted, attempts, now: now + 3_000 });
  expect(order?.names).toEqual(["a.example", "b.example"]);
});

test("what a clock that was ahead noted holds up nothing but what the authority counts", () => {
  const wanted = want("a.example");
  const ahead = now + 2 * hour;
  for (const kind of ["preflight", "directory", "unproved"] as const) {
    const attempts = noteFailure({}, { kind, reasons: { "a.example": "the clock" } }, ahead, 0.5);
    expect(planOrders({ ...idle, wanted, attempts }), kind).toHaveLength(1);
    expect(planOrders({ ...idle, wanted, attempts, now: ahead }), kind).toEqual([]);
  }
  expect(planOrders({ ...idle, wanted, attempts: refuse({}, "a.example", ahead) })).toEqual([]);
});

test("the orders of one plan fit into the budget together", () => {
  const limits = limitsOf("https://acme-v02.api.letsencrypt.org/directory");
  const wanted = want(...Array.from({ length: 40 }, (_, index) => `n${index}.garden.example`));
  expect(planOrders({ ...idle, wanted, limits })).toHaveLength(25);
  expect(planOrders({ ...idle, wanted, limits: [] })).toHaveLength(40);
});

test("an order that was under way when we ended counts as a refusal: two of them close a name for an hour", () => {
  const entry = (at: number) => ({ id: `a ${at}`, at, names: ["a.example"], renewal: false });
  const wanted = want("a.example");
  const ledger = [entry(now - 60_000), entry(now - 30_000)];
  expect(planOrders({ ...idle, wanted, ledger })).toEqual([]);
  expect(planOrders({ ...idle, wanted, ledger, now: now - 60_000 + hour })).toHaveLength(1);
  expect(planOrders({ ...idle, wanted, ledger: ledger.slice(1) })).toHaveLength(1);
});

test("a refusal keeps a name away from the authority for more than half an hour, longer each time, and less than two days", () => {
  let attempts: Attempts = {};
  let at = now;
  const waits: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    attempts = refuse(attempts, "a.example", at);
    const next = attempts["a.example"]?.nextAt ?? 0;
    waits.push(next - at);
    at = next;
  }
  expect(waits[0]).toBe(2_700_000);
  expect(waits.at(-1)).toBe(27 * hour);
  expect([...waits].sort((a, b) => a - b)).toEqual(waits);
  expect(noteSuccess(attempts, ["a.example"])).toEqual({});
});

test("whoever names a time is not asked before it", () => {
  const failure = { kind: "limited" as const, reasons: { "a.example": "too many" }, until: now + 9 * hour };
  expect(noteFailure({}, failure, now, 1)["a.example"]?.nextAt).toBe(now + 9 * hour);
});
