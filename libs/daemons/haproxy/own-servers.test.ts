import { expect, test } from "vitest";
import { ownServers } from "./own-servers.ts";
import { endpoint, labMap } from "./two-fronts.test-support.ts";

const map = labMap();
const at = (address: string, site = "north", host = `${site}/zpod1`) => {
  const one = endpoint(site, "web", [40_000, 40_001], { host });
  return { ...one, servers: one.servers.map((server, index) => (index === 0 ? { ...server, address } : server)) };
};
const all = (address: string) => {
  const one = at(address);
  return { ...one, servers: one.servers.map((server) => ({ ...server, address })) };
};

test("a host's servers at its own address are taken as they are", () => {
  const good = all("10.64.1.17");
  expect(ownServers(map, "north", [good])).toEqual({ endpoints: [good], problems: [] });
});

test.each([
  ["loopback, where the link to the other site is", "127.0.0.1"],
  ["another host", "10.64.1.2"],
  ["somebody in the internet", "203.0.113.66"],
])("a server at %s gets nothing, and it is told", (_, address) => {
  const { endpoints, problems } = ownServers(map, "north", [
    { ...all("10.64.1.17"), servers: [...all("10.64.1.17").servers, ...all(address).servers] },
  ]);
  expect(endpoints[0]?.servers.map((server) => server.address)).toEqual(["10.64.1.17", "10.64.1.17"]);
  expect(problems).toMatchObject([
    { key: "demo/app/web", what: expect.stringContaining(`north/zpod1 names servers of demo/app:web at ${address}`) },
  ]);
});

test("a host that is not of this site, or of no map, has no servers here", () => {
  const strangers = [at("10.64.2.17", "south"), at("10.64.1.17", "north", "north/zpod9")];
  const { endpoints, problems } = ownServers(map, "north", strangers);
  expect(endpoints.map(({ servers }) => servers)).toEqual([[], []]);
  expect(problems).toHaveLength(2);
});
