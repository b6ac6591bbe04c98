import { createHash } from "node:crypto";
import {
  composeName,
  placeStack,
  placesOf,
  readStack,
  renderOverride,
  renderUnit,
  type StackSpec,
} from "@zcloud/daemons/stack";
import type { RemovedStack, Stack, StackEntry } from "@zcloud/events";
import { formatSize, type HostEntry, type Problem, placeKeys, tenantOf, type ZMap } from "@zcloud/map";

/** A stack that this host should run, and all that is derived from it. */
export interface StackHere {
  readonly stack: Stack;
  readonly spec: StackSpec;
  readonly override: string;
  readonly unit: string;
}

/** Why a stack can't be run as it was sent. What ran before goes on. */
export interface Refusal {
  readonly stack: Stack;
  readonly problems: readonly Problem[];
}

/** What the site wants of this host's containers. Keys are `tenant/project`. */
export interface StacksDesired {
  readonly here: ReadonlyMap<string, StackHere>;
  readonly refused: ReadonlyMap<string, Refusal>;
  /** In the bucket, but for another host; the value says which, as people write it. */
  readonly elsewhere: ReadonlyMap<string, string>;
  /** What an operator took away, as the bus itself says now. Nothing else ends what runs here. */
  readonly removed: ReadonlyMap<string, RemovedStack>;
  /** What the bucket has of a stack can't be read; the value says why. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Every stack that the bucket has a word of; undefined while the bus does not say so now. */
  readonly entered: ReadonlySet<string> | undefined;
}

export interface DesiredInput {
  readonly map: ZMap;
  readonly self: HostEntry;
  /** Directory that a volume has, or will have. */
  volumePath(tenant: string, project: string, volume: string): string;
  /** Unit that mounts it; undefined: none does. */
  volumeUnit(tenant: string, project: string, volume: string): string | undefined;
  readonly entries: readonly StackEntry[];
  /** `tenant/project` of values that can't be read, and why. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** The bus says this now; a copy from disk may be older than a stack that was sent again. */
  readonly fresh: boolean;
  /** Hosts of this site that say they serve a stack, by `tenant/project`. */
  readonly servedBy: ReadonlyMap<string, readonly string[]>;
}

/**
 * Sorts the site's stacks: run here, refused, for another host. Local volumes can't move: a stack that has some stays
 * with the host that serves it, even where a further host would now be its place.
 */
export function desiredStacks(input: DesiredInput): StacksDesired {
  const here = new Map<string, StackHere>();
  const refused = new Map<string, Refusal>();
  const elsewhere = new Map<string, string>();
  const names = new Map<string, string>();
  const used = new Map<string, { memory: number; volumes: number; count: number }>();
  const { unreadable, fresh } = input;
  const entered = fresh ? new Set([...input.entries.map(keyOf), ...unreadable.keys()]) : undefined;
  const stacks = input.entries.filter((entry) => entry.removed !== true);
  for (const stack of byAge(stacks)) {
    const key = `${stack.tenant}/${stack.project}`;
    const result = readStack(stack, input.map);
    if (!result.ok) {
      refused.set(key, { stack, problems: result.problems });
      continue;
    }
    const together = togetherProblems(result.spec, input.map, names, used);
    if (together.length > 0) {
      refused.set(key, { stack, problems: together });
      continue;
    }
    const where = placeOf(result.spec, key, input);
    if (where !== undefined) elsewhere.set(key, where);
    else if (result.spec.role === input.self.role) here.set(key, derive(stack, result.spec, input));
  }
  return { here, refused, elsewhere, removed: removedOf(input), unreadable, entered };
}

function removedOf({ entries, fresh, unreadable }: DesiredInput): ReadonlyMap<string, RemovedStack> {
  const marks = entries.filter((entry) => entry.removed === true);
  const byKey = marks.map((mark) => [keyOf(mark), mark] as const);
  return new Map(fresh ? byKey.filter(([key]) => !unreadable.has(key)) : []);
}

const keyOf = ({ tenant, project }: StackEntry): string => `${tenant}/${project}`;

/** Where it runs if not here. */
function placeOf(spec: StackSpec, key: string, { map, self, servedBy }: DesiredInput): string | undefined {
  const placed = placeStack(spec, map, self.site);
  if (placed === undefined) return spec.home ?? self.site;
  const holders =
    map.storage.kind === "local" && spec.volumes.length > 0
      ? (servedBy.get(key) ?? []).filter((name) =>
          map.sites.some(
            ({ name: site, hosts }) =>
              site === self.site && hosts.some((host) => host.name === name && host.role === spec.role),
          ),
        )
      : [];
  const holder = holders.includes(placed.name) ? placed.name : holders[0];
  const name = holder ?? placed.name;
  return name === self.name ? undefined : `${self.site}/${name}`;
}

function derive(stack: Stack, spec: StackSpec, { self, volumePath, volumeUnit }: DesiredInput): StackHere {
  const { tenant, project } = spec;
  const volumes = new Map(spec.volumes.map(({ name }) => [name, volumePath(tenant, project, name)]));
  const digestOf = (files: readonly string[]): string => {
    const sum = createHash("sha256");
    for (const file of files)
      sum.update(`${file.length} ${file} ${stack.files[file]?.length ?? 0} ${stack.files[file] ?? ""}\n`);
    return sum.digest("hex");
  };
  return {
    stack,
    spec,
    override: renderOverride(spec, { address: self.address, volumes, digestOf }),
    unit: renderUnit(
      tenant,
      project,
      spec.volumes.flatMap(({ name }) => volumeUnit(tenant, project, name) ?? []),
    ),
  };
}

/** In the order in which they were first sent, so that the later of two that clash is the one refused. */
function byAge(stacks: readonly Stack[]): readonly Stack[] {
  const key = (stack: Stack): string => `${stack.since ?? stack.deployedAt} ${keyOf(stack)}`;
  return [...stacks].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** What only shows beside the site's other stacks: names twice, and the tenant's limits over all its stacks. */
function togetherProblems(
  spec: StackSpec,
  map: ZMap,
  names: Map<string, string>,
  used: Map<string, { memory: number; volumes: number; count: number }>,
): readonly Problem[] {
  const tenant = tenantOf(map, spec.tenant);
  if (tenant === undefined) return [];
  const key = `${spec.tenant}/${spec.project}`;
  const problem = (path: string, message: string): Problem => ({
    file: composeName,
    line: 1,
    column: 1,
    path,
    message,
  });
  const found: Problem[] = [];
  for (const { name: service, endpoint } of spec.services) {
    for (const { place, kind, whole, path } of endpoint === undefined ? [] : placesOf(endpoint)) {
      const owner = placeKeys(place, whole)
        .asked.map((asked) => names.get(asked))
        .find((other) => other !== undefined);
      if (owner !== undefined)
        found.push(
          problem(
            `services.${service}.x-zcloud.${path[0]}`,
            `${place} leads to ${owner} already; delete that stack first, or choose another ${kind}`,
          ),
        );
    }
  }
  const before = used.get(spec.tenant) ?? { memory: 0, volumes: 0, count: 0 };
  const memory = before.memory + spec.services.reduce((sum, { limits, replicas }) => sum + limits.memory * replicas, 0);
  const volumes = before.volumes + spec.volumes.reduce((sum, { size }) => sum + size, 0);
  const count = before.count + 1;
  const more = (what: string, amount: string, limit: string, field: string): Problem =>
    problem(
      "",
      `with its other stacks here, tenant ${tenant.name} would have ${amount} of ${what} (it has ${limit}); make this or another stack smaller, or raise tenants.${tenant.name}.${field} in the map`,
    );
  if (memory > tenant.memory) found.push(more("memory", formatSize(memory), formatSize(tenant.memory), "memory"));
  if (volumes > tenant.volumes) found.push(more("volumes", formatSize(volumes), formatSize(tenant.volumes), "volumes"));
  if (count > tenant.stacks)
    found.push(
      problem(
        "",
        `tenant ${tenant.name} has ${before.count} stacks here already (it may have ${tenant.stacks}); delete one, or raise tenants.${tenant.name}.stacks in the map`,
      ),
    );
  if (found.length > 0) return found;
  for (const { name: service, endpoint } of spec.services)
    for (const { place, whole } of endpoint === undefined ? [] : placesOf(endpoint))
      for (const taken of placeKeys(place, whole).taken) names.set(taken, `${key}:${service}`);
  used.set(spec.tenant, { memory, volumes, count });
  return [];
}
