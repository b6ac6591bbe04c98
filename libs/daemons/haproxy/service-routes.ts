import type { Endpoint, Server } from "@zcloud/events";
import { placeKeys, tenantOf, type ZMap } from "@zcloud/map";
import { claimsOf, endpointLabel, type Ledger, type RouteProblem, refuse } from "./claims.ts";
import { takesNew, type Wishes } from "./intents.ts";
import { byText } from "./order.ts";
import { portsOfMap, portsOfService } from "./port-claims.ts";
import type { LocalServer, Route } from "./routes.ts";

export interface ServiceRoutes {
  readonly routes: readonly Route[];
  readonly problems: readonly RouteProblem[];
}

/** Of one service: what this site's hosts and the peer's say of it, by host. */
export interface Service {
  /** `tenant/project/service`. */
  readonly key: string;
  readonly here: readonly Endpoint[];
  readonly there: readonly Endpoint[];
}

const safePath = /^\/[A-Za-z0-9\-._~!$&()*+,=:@/?%]{0,255}$/;

/** Of a route whose connections are passed on as they are. */
const noRequests = {
  names: [],
  places: [],
  redirects: new Map(),
  health: "/",
  answersWithin: undefined,
  http: {},
  port: undefined,
} as const;

/** The routes of one service. It gets what nobody in the ledger has, and is written into it. */
export function serviceRoutes(map: ZMap, { key, here, there }: Service, wishes: Wishes, owner: Ledger): ServiceRoutes {
  const problems: RouteProblem[] = [];
  const routes: Route[] = [];
  const inForce = takesNew([...here, ...there], wishes);
  const tenantRate = tenantOf(map, key.slice(0, key.indexOf("/")))?.requests;
  const serving = (at: (server: Server) => number | undefined) => serversOf(here, inForce ? wishes : undefined, at);
  const worked = wishes.maintains(key);
  const rests = worked === undefined ? {} : { maintenance: { reason: worked.reason, since: worked.at } };
  const common = { ...rests, tenantRate, servers: serving(({ port }) => port), peer: there.length > 0 };
  const own = portsOfService(map, key, [...here, ...there], owner);
  problems.push(...own.problems);
  for (const { at, has, ...port } of [...portsOfMap(map, key), ...own.claims]) {
    routes.push({ ...noRequests, ...port, ...rests, tenantRate, servers: serving(at), peer: there.some(has) });
  }
  const claims = claimsOf([...here, ...there]).filter((claim) => {
    const refusal = refuse(map, key, claim, owner);
    if (refusal !== undefined) problems.push({ key, ...refusal });
    else for (const taken of placeKeys(claim.place, claim.whole).taken) owner.set(taken, key);
    return refusal === undefined;
  });
  const first = here[0] ?? there[0];
  const through = first?.passthrough;
  if (claims.length > 0 && through !== undefined) {
    const names = claims.flatMap(({ host, whole }) => (whole ? [host] : []));
    routes.push({ ...noRequests, key, passthrough: names, proxyProtocol: through.proxyProtocol, ...common });
  } else if (claims.length > 0) {
    // Several routes may have parts of a name; its certificate is the first one's.
    const hosts = [...new Set(claims.map(({ host }) => host))].sort(byText);
    const names = hosts.filter((name) => owner.get(`${name} certificate`) === undefined);
    for (const name of names) owner.set(`${name} certificate`, key);
    const health = first?.health ?? "/";
    if (!safePath.test(health)) {
      problems.push({
        key,
        what: `health path of ${endpointLabel(key)} has characters that can't be sent; / is asked instead`,
        remedy: "use letters, digits and -._~/?=&% in x-zcloud.health",
      });
    }
    routes.push({
      key,
      names,
      places: claims.flatMap(({ place, target }) => (target === undefined ? [place] : [])),
      redirects: new Map(claims.flatMap(({ host, target }) => (target === undefined ? [] : [[host, target] as const]))),
      health: safePath.test(health) ? health : "/",
      answersWithin: shortest(here.length > 0 ? here : there),
      http: first?.http ?? {},
      port: undefined,
      proxyProtocol: false,
      ...common,
    });
  }
  if (routes.length > 0 && !inForce) problems.push(...uselessDrains(key, here, wishes));
  return { routes, problems };
}

/** `at`: where a server answers for the route; undefined: it doesn't. */
function serversOf(
  endpoints: readonly Endpoint[],
  wishes: Wishes | undefined,
  at: (server: Server) => number | undefined,
): readonly LocalServer[] {
  const servers = new Map<string, LocalServer>();
  for (const { host, servers: own } of endpoints) {
    for (const server of own) {
      const { id, address, state } = server;
      const port = at(server);
      if (servers.has(id) || port === undefined) continue;
      const drained = wishes?.drains(host, id) === undefined ? {} : { drained: true as const };
      servers.set(id, { id, address, port, draining: state === "draining", ...drained, host });
    }
  }
  return [...servers.values()].sort((a, b) => byText(a.id, b.id));
}

/** Drains of servers that have to serve on, because nobody else does. */
function uselessDrains(key: string, here: readonly Endpoint[], { drains }: Wishes): readonly RouteProblem[] {
  const subjects = here.flatMap(({ host, servers }) =>
    servers.flatMap(({ id, state }) => (state === "up" ? [drains(host, id)?.subject] : [])),
  );
  return [...new Set(subjects)].flatMap((subject) => {
    if (subject === undefined) return [];
    const what = `${subject} is drained and still serves ${endpointLabel(key)}: nobody else has it, at either site`;
    return [{ key, what, remedy: `start it elsewhere, or take the drain back: zctl undrain ${subject}` }];
  });
}

function shortest(endpoints: readonly Endpoint[]): number | undefined {
  const given = endpoints.flatMap(({ answersWithin }) => (answersWithin === undefined ? [] : [answersWithin]));
  return given.length === 0 ? undefined : Math.min(...given);
}
