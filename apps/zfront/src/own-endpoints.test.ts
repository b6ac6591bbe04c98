import { ownServers, routeMaker } from "@zcloud/daemons/haproxy";
import type { Endpoint } from "@zcloud/events";
import { loadMap } from "@zcloud/map";
import { expect, test } from "vitest";
import { ofTenants, ownEndpoints } from "./own-endpoints.ts";

function mapWith(log: string) {
  const loaded = loadMap(
    `domain: lab.example
operators: [{ name: lab, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/" }]
sites:
  north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24 }
  south: { public: { ipv4: 203.0.113.10 }, network: 10.64.2.0/24 }
${log}
tenants: { demo: {} }
`,
    "m",
  );
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  return loaded.map;
}

const named = mapWith("log: { name: logs.lab.example }");
const own = ownEndpoints();

function routesAt(site: string, peer: string, said: readonly Endpoint[] = []) {
  const whole = own(named);
  const here = [...ofTenants(said), ...[whole.own.get(site)].flatMap((one) => one ?? [])];
  const { endpoints } = ownServers(whole.map, site, here);
  return routeMaker()(
    whole.map,
    endpoints,
    [whole.own.get(peer)].flatMap((one) => one ?? []),
  );
}

test("each site's path leads to its own znet, the other's over the hop", () => {
  const { routes, problems } = routesAt("north", "south");
  expect(problems).toEqual([]);
  expect(
    routes.map(({ key, places, servers, peer }) => ({
      key,
      places,
      servers: servers.map(({ address }) => address),
      peer,
    })),
  ).toEqual([
    { key: "zcloud/logs/north", places: ["logs.lab.example/north/"], servers: ["10.64.1.2"], peer: false },
    { key: "zcloud/logs/south", places: ["logs.lab.example/south/"], servers: [], peer: true },
  ]);
});

test("a host that says it serves them gets none of it", () => {
  const znet = own(named).own.get("north");
  if (znet === undefined) throw new Error("there is none");
  const servers = [{ id: "a", address: "10.64.1.17", port: 40_000, state: "up" as const }];
  const liar = { ...znet, host: "north/zpod1", servers };
  expect(routesAt("north", "south", [liar])).toEqual(routesAt("north", "south"));
});

test("without a name in the map there is nothing; the same map gives the same objects", () => {
  const plain = mapWith("");
  expect(own(plain)).toEqual({ map: plain, own: new Map() });
  const whole = own(named);
  expect(own(named)).toBe(whole);
});
