import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Door, preflight } from "./preflight.ts";

const thumbprint = "t".repeat(43);
let good: Server;
let bad: Server;

function serve(answer: (token: string) => string): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((request, response) => response.end(answer(request.url?.split("/").at(-1) ?? "")));
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

beforeAll(async () => {
  good = await serve((token) => `${token}.${thumbprint}`);
  bad = await serve(() => "somebody else's page");
});
afterAll(() => {
  good.close();
  bad.close();
});

const door = (server: Server, own: boolean, inside = false): Door => {
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port, own, inside };
};

const check = (addresses: readonly string[], doors: readonly (readonly [string, Door])[]) =>
  preflight("a.example", { doors: new Map(doors), thumbprint, resolve: async () => addresses });

test("every front that the name leads to answers with our thumbprint", async () => {
  const doors = [
    ["192.0.2.1", door(good, true)],
    ["192.0.2.2", door(good, false)],
  ] as const;
  expect(await check(["192.0.2.1", "192.0.2.2"], doors)).toEqual({ ok: true });
});

test("no address, or somebody else's: says where the name should lead", async () => {
  const doors = [
    ["192.0.2.1", door(good, true)],
    ["10.0.0.1", door(good, true, true)],
  ] as const;
  expect(await check([], doors)).toEqual({
    ok: false,
    soft: false,
    reason: "a.example has no address in DNS; let it lead to 192.0.2.1",
  });
  expect(await check(["192.0.2.1", "192.0.2.9"], doors)).toMatchObject({
    ok: false,
    soft: false,
    reason: expect.stringMatching(/192\.0\.2\.9, which is not ours/),
  });
});

test("a front with another account: ours is a hard no, the other site's a soft one", async () => {
  const ours = [["192.0.2.1", door(bad, true)]] as const;
  expect(await check(["192.0.2.1"], ours)).toMatchObject({ ok: false, soft: false });
  const theirs = [
    ["192.0.2.1", door(good, true)],
    ["192.0.2.2", door(bad, false)],
  ] as const;
  expect(await check(["192.0.2.1", "192.0.2.2"], theirs)).toMatchObject({ ok: false, soft: true });
  expect(await check(["192.0.2.1"], theirs)).toEqual({ ok: true });
});

test("an address that only the inside knows hides what the world gets: all fronts are asked", async () => {
  const doors = [
    ["10.0.0.1", door(good, true, true)],
    ["192.0.2.2", door(bad, false)],
  ] as const;
  expect(await check(["10.0.0.1"], doors)).toMatchObject({ ok: false, soft: true });
});
