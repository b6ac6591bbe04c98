/** Where one site's front answers the world, as asked from here. */
export interface Door {
  readonly site: string;
  readonly address: string;
  readonly port: number;
}

/** An endpoint at a door: what is probed, and remembered. */
export interface Target {
  /** The route's key: `tenant/project/service`, with more behind it for a TCP service. */
  readonly endpoint: string;
  readonly door: Door;
  /** The name that is asked for, in TLS and HTTP; `port 25` of a TCP service. */
  readonly name: string;
  readonly path: string;
  /**
   * `health`: 2xx or 3xx. `any`: nobody knows what stands at this path, so only 5xx and 429 are failures. `handshake`:
   * TLS is answered with whatever certificate, which is not ours; nothing is asked. `open`: a connection that the door
   * does not end at once; the service waits to be spoken to. `greeting`: the first line begins with `greets`.
   */
  readonly expect: "health" | "any" | "handshake" | "open" | "greeting";
  readonly greets?: string;
  /** Of a TCP service, which has it at each door: the door's port too. */
  readonly port?: number;
}

type Question = Pick<Target, "name" | "path" | "expect" | "greets" | "port">;

/** What probing needs to know of a route. */
export interface Probed {
  readonly key: string;
  /** What requests begin with: `wiki.example.net/`, `wiki.example.net/api/`. */
  readonly places: readonly string[];
  readonly health: string;
  /** `h2`: it speaks gRPC, which has no path that says how it is. */
  readonly http?: { readonly h2?: true | undefined };
  /** Names whose TLS is passed through. */
  readonly passthrough?: readonly string[];
  /** Public port of a TCP service, and what its servers say first. */
  readonly port?: number | undefined;
  readonly greets?: string;
}

/**
 * Every route that requests or connections lead to, at every door, by `targetId`. One question is enough: all places of a route lead to
 * the same servers.
 */
export function targetsOf(routes: readonly Probed[], doors: readonly Door[]): ReadonlyMap<string, Target> {
  const targets = routes.flatMap(({ key, places, health, http, passthrough, port, greets }) => {
    if (port !== undefined) {
      const asked = connectionTo(port, greets);
      return doors.map((door): Target => ({ endpoint: key, door: { ...door, port }, ...asked }));
    }
    const found = passthrough === undefined ? questionOf(places, health) : handshakeWith(passthrough);
    const question: Question | undefined = found && http?.h2 === true ? { ...found, expect: "any" } : found;
    return question === undefined ? [] : doors.map((door): Target => ({ endpoint: key, door, ...question }));
  });
  return new Map(targets.map((target) => [targetId(target), target]));
}

/** The health path where requests to it come through; a service that has only other paths is asked for one of those. */
function questionOf(places: readonly string[], health: string): Question | undefined {
  const split = places.map((place) => ({ name: place.replace(/\/.*$/, ""), path: place.replace(/^[^/]*/, "") }));
  const covering = split.find(({ path }) => health.startsWith(path));
  if (covering !== undefined) return { name: covering.name, path: health, expect: "health" };
  const [first] = split;
  return first === undefined ? undefined : { ...first, expect: "any" };
}

function handshakeWith([name]: readonly string[]): Question | undefined {
  return name === undefined ? undefined : { name, path: "", expect: "handshake" };
}

function connectionTo(port: number, greets: string | undefined): Question {
  const at = { name: `port ${port}`, path: "", port };
  return greets === undefined ? { ...at, expect: "open" } : { ...at, expect: "greeting", greets };
}

/** `demo/hello/web north`. */
export function targetId({ endpoint, door }: Pick<Target, "endpoint" | "door">): string {
  return `${endpoint} ${door.site}`;
}

/** Whether both are asked in the same way. */
export function sameQuestion(a: Target, b: Target): boolean {
  return (
    a.name === b.name &&
    a.path === b.path &&
    a.expect === b.expect &&
    a.greets === b.greets &&
    a.door.address === b.door.address &&
    a.door.port === b.door.port
  );
}
