/** Where one site's front answers the world, as asked from here. */
export interface Door {
  readonly site: string;
  readonly address: string;
  readonly port: number;
}

/** An endpoint at a door: what is probed, and remembered. */
export interface Target {
  /** `tenant/project/service`. */
  readonly endpoint: string;
  readonly door: Door;
  /** The name that is asked for, in TLS and HTTP. */
  readonly name: string;
  readonly path: string;
}

/** What probing needs to know of a route. */
export interface Probed {
  readonly key: string;
  readonly names: readonly string[];
  readonly health: string;
}

/** Every route that has a name, at every door, by `targetId`. Several names of an endpoint lead to the same servers. */
export function targetsOf(routes: readonly Probed[], doors: readonly Door[]): ReadonlyMap<string, Target> {
  const targets = routes.flatMap(({ key, names: [name], health }) => {
    if (name === undefined) return [];
    return doors.map((door): Target => ({ endpoint: key, door, name, path: health }));
  });
  return new Map(targets.map((target) => [targetId(target), target]));
}

/** `demo/hello/web north`. */
export function targetId({ endpoint, door }: Pick<Target, "endpoint" | "door">): string {
  return `${endpoint} ${door.site}`;
}

/** Whether both are asked in the same way. */
export function sameQuestion(a: Target, b: Target): boolean {
  return a.name === b.name && a.path === b.path && a.door.address === b.door.address && a.door.port === b.door.port;
}
