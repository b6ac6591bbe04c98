import { formatSize, type Path, placeKeys, type Tenant } from "@zcloud/map";
import { type Finding, isRecord } from "./compose.ts";
import { type EndpointSpec, endpointSpec, placesOf } from "./endpoint.ts";
import type { ServiceOptions, StackOptions, VolumeOptions } from "./schema.ts";
import { bytesOf } from "./units.ts";

/** A service as far as the system around it needs to know. */
export interface ServiceSpec {
  readonly name: string;
  readonly image: string;
  /** Undefined: not reachable through the front. */
  readonly endpoint: EndpointSpec | undefined;
  readonly replicas: number;
  /** Of each container. Memory in bytes. */
  readonly limits: { readonly memory: number; readonly cpus: number; readonly pids: number };
  readonly restart: string;
  /** The stack's own files that it reads, sorted: when one changes, its containers must be made anew. */
  readonly files: readonly string[];
  readonly volumes: readonly string[];
}

export interface VolumeSpec {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** A stack, checked: what of it the hosts, the fronts and the plans need. */
export interface StackSpec {
  readonly tenant: string;
  readonly project: string;
  /** `both`, or the name of the site that is its home. */
  readonly home: string | undefined;
  readonly role: "zpod" | "zmah";
  readonly services: readonly ServiceSpec[];
  readonly volumes: readonly VolumeSpec[];
  /** Keys that the policy looked at. */
  readonly checked: number;
}

export const defaultMemory = 256 * 2 ** 20;
export const defaultPids = 512;
export const defaultVolume = 2 ** 30;

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => (isRecord(value) ? value : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Distils a model that the policy found no fault with. */
export function specOf(model: Fields, tenant: Tenant, project: string, checked: number): StackSpec {
  const options = fields(model["x-zcloud"]) as StackOptions;
  return {
    tenant: tenant.name,
    project,
    home: options.home,
    role: options.role ?? "zpod",
    services: Object.entries(fields(model["services"])).map(([name, service]) =>
      serviceSpec(name, fields(service), model, tenant),
    ),
    volumes: Object.entries(fields(model["volumes"])).map(([name, volume]) => {
      const { size } = fields(fields(volume)["x-zcloud"]) as VolumeOptions;
      return { name, size: bytesOf(size) ?? Math.min(defaultVolume, tenant.volumes) };
    }),
    checked,
  };
}

function serviceSpec(name: string, service: Fields, model: Fields, tenant: Tenant): ServiceSpec {
  const options = service["x-zcloud"] as ServiceOptions | undefined;
  const wanted = fields(fields(fields(service["deploy"])["resources"])["limits"]);
  const mounts = list(service["volumes"]).map(mountSource);
  return {
    name,
    image: String(service["image"]),
    endpoint: isRecord(options) ? endpointSpec(shapely(options)) : undefined,
    replicas: Number(fields(service["deploy"])["replicas"] ?? service["scale"] ?? 1),
    limits: {
      memory: bytesOf(wanted["memory"] ?? service["mem_limit"]) ?? Math.min(defaultMemory, tenant.memory),
      cpus: Number(wanted["cpus"] ?? service["cpus"] ?? tenant.cpus),
      pids: Number(wanted["pids"] ?? service["pids_limit"] ?? defaultPids),
    },
    restart:
      typeof service["restart"] === "string" ? service["restart"] : service["restart"] === false ? "no" : "always",
    files: [...new Set([...mounts.flatMap(({ file }) => file ?? []), ...sourcesOf(service, model)])].sort(),
    volumes: [...new Set(mounts.flatMap(({ volume }) => volume ?? []))].sort(),
  };
}

/** What is not even a list can't be looked at; the policy has said so. */
function shapely(options: ServiceOptions): ServiceOptions {
  const { names, tcp, ...rest } = options;
  return {
    ...rest,
    ...(Array.isArray(names) ? { names: names.filter((name) => typeof name === "string") } : {}),
    ...(Array.isArray(tcp) ? { tcp: tcp.filter(isRecord) } : {}),
  };
}

function mountSource(mount: unknown): { readonly volume?: string; readonly file?: string } {
  const source = isRecord(mount) ? String(mount["source"] ?? "") : (String(mount).split(":")[0] ?? "");
  const type = isRecord(mount) ? mount["type"] : /^[./~]/.test(source) ? "bind" : "volume";
  if (type === "volume") return { volume: source };
  return type === "bind" ? { file: source } : {};
}

/** Files behind the configs and secrets of a service. */
function sourcesOf(service: Fields, model: Fields): readonly string[] {
  return (["configs", "secrets"] as const).flatMap((kind) =>
    list(service[kind]).flatMap((use) => {
      const file = fields(fields(model[kind])[isRecord(use) ? String(use["source"]) : String(use)])["file"];
      return typeof file === "string" ? [file] : [];
    }),
  );
}

const labelPattern = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** What no single key shows: names of services and volumes, where data lives, and the tenant's limits over the whole stack. */
export function wholeFindings(
  model: Fields,
  spec: StackSpec,
  tenant: Tenant,
  sites: readonly string[],
): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (path: Path, message: string, at?: "key"): void =>
    void findings.push({ path, message, ...(at === undefined ? {} : { at }) });
  for (const kind of ["services", "volumes"] as const) {
    for (const name of Object.keys(fields(model[kind]))) {
      if (!labelPattern.test(name)) add([kind, name], "names are 1 to 40 of a-z, 0-9 and -, not at the ends", "key");
    }
  }
  if (spec.services.length === 0) add(["services"], "a stack needs at least one service under services:");
  const owners = new Map<string, string>();
  for (const service of spec.services) {
    const at: Path = ["services", service.name];
    if (fields(fields(model["services"])[service.name])["image"] === undefined)
      add(at, "has no image; write image: NAME", "key");
    for (const { place, kind, whole, path } of service.endpoint === undefined ? [] : placesOf(service.endpoint)) {
      const { asked, taken } = placeKeys(place, whole);
      const owner = asked.map((key) => owners.get(key)).find((name) => name !== undefined);
      if (owner !== undefined)
        add([...at, "x-zcloud", ...path], `${place} leads to service ${owner} already; a ${kind} leads to one service`);
      for (const key of taken) owners.set(key, service.name);
    }
    if (service.volumes.length > 0 && service.replicas > 1) {
      add(
        [...at, "deploy", "replicas"],
        `${service.replicas} containers would write volume ${service.volumes[0]}; write 1, or keep its data in another service`,
      );
    }
    for (const volume of service.volumes) {
      if (!volume.includes("$") && !Object.hasOwn(fields(model["volumes"]), volume))
        add([...at, "volumes"], `there is no volume ${volume}; add it under volumes: at the top level`);
    }
  }
  if (spec.volumes.length > 0 && spec.home === undefined && spec.role === "zpod") {
    const which = spec.volumes.map(({ name }) => name).join(", ");
    const where = fields(model["x-zcloud"])["placement"] === undefined ? ["volumes"] : ["x-zcloud", "placement"];
    add(
      where,
      `volume ${which} needs one site that writes it; add x-zcloud: { home: ${sites[0] ?? "SITE"} } at the top level`,
      "key",
    );
  }
  const memory = spec.services.reduce((sum, { limits, replicas }) => sum + limits.memory * replicas, 0);
  if (memory > tenant.memory && spec.services.every(({ limits }) => limits.memory <= tenant.memory)) {
    const parts = spec.services
      .map(
        ({ name, limits, replicas }) => `${name} ${replicas > 1 ? `${replicas} x ` : ""}${formatSize(limits.memory)}`,
      )
      .join(" + ");
    add(
      ["services"],
      `${parts} = ${formatSize(memory)} is more memory than tenant ${tenant.name} has (${formatSize(tenant.memory)}); lower deploy.resources.limits.memory, or raise tenants.${tenant.name}.memory in the map`,
      "key",
    );
  }
  const volumes = spec.volumes.reduce((sum, { size }) => sum + size, 0);
  if (volumes > tenant.volumes) {
    add(
      ["volumes"],
      `${formatSize(volumes)} is more than tenant ${tenant.name} has for volumes (${formatSize(tenant.volumes)}); lower x-zcloud.size, or raise tenants.${tenant.name}.volumes in the map`,
      "key",
    );
  }
  return findings;
}
