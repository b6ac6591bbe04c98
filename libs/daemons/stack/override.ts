import { Document } from "yaml";
import { publishedPorts } from "./endpoint.ts";
import { hash } from "./placement.ts";
import type { ServiceSpec, StackSpec } from "./spec.ts";
import { projectName } from "./stack.ts";

/** What the host decides about a stack's containers. */
export interface OverrideContext {
  /** Address at which the front reaches this host's containers. */
  readonly address: string;
  /** Directory of each volume on this host. */
  readonly volumes: ReadonlyMap<string, string>;
  /** SHA-256 of the contents of the files a service reads; its containers are made anew when it changes. */
  digestOf(files: readonly string[]): string;
}

/** User ids of a tenant's containers: 65,536 of the host's, always the same for a tenant, on every host. */
export interface UserRange {
  readonly base: number;
  readonly size: number;
}

/** First and last id that tenants' ranges may use: `containers:` in /etc/subuid. Below 2^31, above what systemd and people use. */
export const userRanges = { first: 0x1000_0000, size: 0x6000_0000 } as const;
const rangeSize = 65_536;

/**
 * From the tenant's name alone, so that a volume written on one host can be read on another and survives every
 * change of the map. Two of 24,576 names may fall on one range: these tenants are parted from the host, not from each other.
 */
export function userRange(tenant: string): UserRange {
  return {
    base: userRanges.first + (hash(`tenant ${tenant}`) % (userRanges.size / rangeSize)) * rangeSize,
    size: rangeSize,
  };
}

/** systemd slice that holds all containers of a tenant; its limits are the tenant's envelope. `-` would mean a parent slice. */
export function tenantSlice(tenant: string): string {
  return `zcloud-${tenant.replaceAll("-", "_")}.slice`;
}

export const labelOf = {
  tenant: "zcloud.tenant",
  project: "zcloud.project",
  service: "zcloud.service",
  port: "zcloud.port",
  files: "zcloud.files",
} as const;

/** The compose file that docker-compose merges over the tenant's: what the host decides, for each service. */
export function renderOverride(spec: StackSpec, context: OverrideContext): string {
  const { base, size } = userRange(spec.tenant);
  const service = (one: ServiceSpec) => ({
    restart: one.restart,
    userns_mode: `auto:uidmapping=0:${base}:${size},gidmapping=0:${base}:${size}`,
    cgroup_parent: tenantSlice(spec.tenant),
    security_opt: ["no-new-privileges:true"],
    // Becomes CONTAINER_TAG of each line in the journal.
    logging: { driver: "journald", options: { tag: `${spec.tenant}/${spec.project}/${one.name}` } },
    // Compose refuses a file in which the two ways to say a limit differ.
    mem_limit: String(one.limits.memory),
    memswap_limit: String(one.limits.memory),
    cpus: one.limits.cpus,
    pids_limit: one.limits.pids,
    deploy: {
      resources: {
        limits: { memory: String(one.limits.memory), cpus: String(one.limits.cpus), pids: one.limits.pids },
      },
    },
    labels: {
      [labelOf.tenant]: spec.tenant,
      [labelOf.project]: spec.project,
      [labelOf.service]: one.name,
      ...(one.endpoint === undefined ? {} : { [labelOf.port]: String(one.endpoint.port) }),
      ...(one.files.length === 0 ? {} : { [labelOf.files]: context.digestOf(one.files) }),
    },
  });
  const volumes = spec.volumes.map(({ name }) => {
    const device = context.volumes.get(name);
    if (device === undefined)
      throw new Error(`render override of ${spec.tenant}/${spec.project}: volume ${name} has no place`);
    return [name, { driver: "local", driver_opts: { type: "none", o: "bind", device } }] as const;
  });
  const document = new Document({
    name: projectName(spec.tenant, spec.project),
    services: Object.fromEntries(spec.services.map((one) => [one.name, service(one)])),
    ...(volumes.length === 0 ? {} : { volumes: Object.fromEntries(volumes) }),
  });
  for (const { name, endpoint } of spec.services) {
    const ports = document.createNode(
      endpoint === undefined ? [] : publishedPorts(endpoint).map((port) => `${context.address}::${port}`),
      { flow: true },
    );
    // Compose appends lists when it merges; this tag makes it replace what the tenant wrote.
    ports.tag = "!override";
    document.setIn(["services", name, "ports"], ports);
  }
  return document.toString({ lineWidth: 0 });
}
