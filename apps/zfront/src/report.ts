import type { Attempts } from "@zcloud/daemons/acme";
import { endpointLabel, type ObservedFront, type RouteProblem, type RouteView } from "@zcloud/daemons/haproxy";
import { doorsOf, unreachable, type Watched } from "@zcloud/daemons/probe";
import type { Endpoint, Intent } from "@zcloud/events";
import type { StatusProblem } from "@zcloud/service";

/** Statuses travel by the bus and have a limit; `GET /v1/routes` has them all. */
const atMost = 500;

/** What a front says in its status: routes with who serves them, and until when certificates last. */
export function frontFacts(
  views: readonly RouteView[],
  observed: ObservedFront | undefined,
  intents: readonly Intent[] = [],
): Readonly<Record<string, unknown>> {
  const { pid, uptime } = observed?.running ?? {};
  return {
    haproxy: { pid, uptime },
    intents: intents
      .slice(0, atMost)
      .map(({ kind, subject, reason, actor, at }) => ({ kind, subject, reason, actor, at })),
    routeCount: views.length,
    routes: views.slice(0, atMost).map(({ names, endpoint, kind, servedBy, servers }) => {
      const drained = servers.some(({ state }) => state === "DRAINED") ? { drained: true } : {};
      return {
        names,
        endpoint,
        kind,
        servedBy,
        ...drained,
        up: servers.filter(({ state }) => state.startsWith("UP")).length,
      };
    }),
    certificates: (observed?.certificates ?? []).slice(0, atMost).map(({ name, notAfter }) => {
      return { name, until: new Date(notAfter).toISOString() };
    }),
  };
}

/** HAProxy runs and its own checks find every server well: no news is expected. */
export function quiet(views: readonly RouteView[], observed: ObservedFront | undefined): boolean {
  if (observed?.running === undefined) return false;
  // The peer is not checked where it only is a last resort.
  const expected = ["no check", "DRAINED"];
  return views.every(({ servers }) => servers.every(({ state }) => state.startsWith("UP") || expected.includes(state)));
}

export interface FrontState {
  readonly views: readonly RouteView[];
  readonly refused: readonly RouteProblem[];
  /** Endpoints as the peer site has them. */
  readonly peer: readonly Endpoint[];
  readonly attempts: Attempts;
  /** What asking through the front doors found. */
  readonly watched: readonly Watched[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is not as it should be, worst first: nobody answers; only a warning in the browser answers; a name is refused. */
export function frontProblems({ views, refused, peer, attempts, watched, now }: FrontState): readonly StatusProblem[] {
  const alive = new Set(
    peer.flatMap(({ tenant, project, service, servers }) => {
      return servers.some(({ state }) => state === "up") ? [endpointLabel(`${tenant}/${project}/${service}`)] : [];
    }),
  );
  const dead = views.filter(({ servers, endpoint }) => {
    return !alive.has(endpoint) && !servers.some(({ state }) => state.startsWith("UP"));
  });
  const bare = views.filter(({ certificate }) => certificate.name !== "" && certificate.until === undefined);
  return [
    ...dead.map(({ names, endpoint, kind }) => {
      const noticed = kind === "http" ? "visitors read 503" : "connections end at once";
      return {
        what: `${names.join(", ")}: no server of ${endpoint} answers at either site; ${noticed}`,
        remedy: "zctl status, then the logs of the stack",
      };
    }),
    ...doorProblems(watched, new Set([...dead, ...bare].map(({ endpoint }) => endpoint))),
    ...bare.map(({ certificate: { name } }) => {
      const attempt = attempts[name];
      const what = `${name}: no certificate yet; browsers warn their visitors`;
      if (attempt === undefined) return { what };
      const seconds = Math.max(0, Math.round((attempt.nextAt - now) / 1000));
      return {
        what: `${what} (${attempt.reason})`,
        remedy: `the next attempt is in ${seconds} s by itself; zctl certificates retry ${name}`,
      };
    }),
    ...refused.map(({ what, remedy }) => ({ what, remedy })),
  ];
}

/** What is not to be reached as visitors reach it, but for endpoints of which the reason is told anyway. */
function doorProblems(watched: readonly Watched[], told: ReadonlySet<string>): readonly StatusProblem[] {
  const { endpoints, doors } = unreachable(watched);
  return [
    ...[...doors].map(([site, reason]) => {
      const what = `the front door of ${site} is out of reach from here: ${reason}`;
      return { what, remedy: "zctl uptime shows what suffers" };
    }),
    ...endpoints.flatMap(({ endpoint, name, doors: shut, reason }) => {
      const label = endpointLabel(endpoint);
      if (told.has(label)) return [];
      const what = `${name} (${label}) does not answer as it should through ${doorsOf(shut)}: ${reason}`;
      return [{ what, remedy: "zctl uptime, then the logs of the stack" }];
    }),
  ];
}
