import { defaultNames, defaults, directories } from "./defaults.ts";
import { canonicalIpv6, formatIpv4, parseNetwork } from "./ip.ts";
import type { Alerts, Dns, Front, HostEntry, Role, Site, TcpService, Tenant, Upgrades, ZMap } from "./model.ts";
import { canonicalKey } from "./openssh-key.ts";
import type { MapFile } from "./schema.ts";
import { hostCount, hostSize } from "./sizing.ts";
import { parseDuration, parseRate, parseSize } from "./units.ts";
import { parseResolver } from "./values.ts";
import { parseWindow } from "./window.ts";

/** Where a role's hosts stand in the site's network, counted from its first address; `zpod1` is at 17. */
export const offsets = { zcloud: 1, znet: 2, zfront: 3, zstore: 4, zpod: 16, zmah: 32 } as const satisfies Record<
  Exclude<Role, "witness">,
  number
>;

/** Fills in defaults and computes addresses. The file has passed the schema and the cross-checks. */
export function resolveMap(file: MapFile): ZMap {
  const internalDomain = file.internal_domain ?? defaults.internalDomain;
  const siteNames = Object.keys(file.sites);
  return {
    domain: file.domain,
    internalDomain,
    operators: file.operators.map(({ name, key }) => ({ name, key: canonicalKey(key) })),
    sites: siteNames.map((name) =>
      resolveSite(
        file,
        name,
        siteNames.find((other) => other !== name),
        internalDomain,
      ),
    ),
    witness: file.witness,
    storage: {
      kind: file.storage?.kind ?? defaults.storage.kind,
      profile: file.storage?.profile ?? defaults.storage.profile,
      copies: file.storage?.copies ?? defaults.storage.copies,
      packages: file.storage?.packages ?? defaults.storage.packages,
      fileDisk: bytes(file.storage?.file_disk ?? defaults.storage.fileDisk),
    },
    acme: {
      directory: directoryUrl(file.acme?.directory ?? defaults.acme.directory),
      contact: file.acme?.contact,
      profile: file.acme?.profile,
    },
    dns: resolveDns(file.dns?.upstreams ?? defaults.dns.upstreams),
    ntp: { servers: file.ntp?.servers ?? defaults.ntp.servers, nts: file.ntp?.nts ?? defaults.ntp.nts },
    front: resolveFront(file.front),
    upgrades: resolveUpgrades(file.upgrades),
    log: {
      keep: seconds(file.log?.keep ?? defaults.log.keep),
      atMost: bytes(file.log?.at_most ?? defaults.log.atMost),
      name: file.log?.name,
    },
    metrics: {
      keep: seconds(file.metrics?.keep ?? defaults.metrics.keep),
      atMost: bytes(file.metrics?.at_most ?? defaults.metrics.atMost),
    },
    alerts: resolveAlerts(file.alerts),
    tcp: entries(file.tcp).map(
      ([name, tcp]): TcpService => ({
        name,
        port: tcp.port,
        ...served(tcp),
        proxyProtocol: tcp.proxy_protocol ?? false,
        ...(tcp.greets === undefined ? {} : { greets: tcp.greets }),
      }),
    ),
    replication: entries(file.replication).map(([name, entry]) => ({ name, port: entry.port, ...served(entry) })),
    tenants: entries(file.tenants).map(([name, tenant]) => resolveTenant(name, tenant, file.domain)),
  };
}

function resolveSite(file: MapFile, name: string, peer: string | undefined, internalDomain: string): Site {
  const { public: addresses, network, disks, machine } = file.sites[name] as MapFile["sites"][string];
  const first = parseNetwork(network)?.first ?? 0;
  const host = (
    role: keyof typeof offsets,
    number: number,
    size: Pick<HostEntry, "cpus" | "memory" | "disk">,
  ): HostEntry => {
    const hostName = number === 0 ? role : `${role}${number}`;
    const address = formatIpv4(first + offsets[role] + number);
    return {
      id: `${name}/${hostName}`,
      site: name,
      role,
      name: hostName,
      fqdn: `${hostName}.${name}.${internalDomain}`,
      address,
      ...size,
    };
  };
  const single = (["znet", "zfront", "zstore"] as const).map((role) => host(role, 0, hostSize(file, name, role)));
  const counted = (["zpod", "zmah"] as const).flatMap((role) =>
    Array.from({ length: hostCount(file, role) }, (_, index) => host(role, index + 1, hostSize(file, name, role))),
  );
  const zcloud = {
    cpus: machine?.cpus ?? 0,
    memory: machine?.memory === undefined ? 0 : bytes(machine.memory),
    disk: 0,
  };
  return {
    name,
    peer,
    public: { ipv4: addresses.ipv4, ipv6: addresses.ipv6 === undefined ? undefined : canonicalIpv6(addresses.ipv6) },
    network,
    disks: { vm: disks?.vm, ceph: disks?.ceph ?? [] },
    hosts: [host("zcloud", 0, zcloud), ...single, ...counted],
  };
}

function resolveTenant(name: string, tenant: NonNullable<MapFile["tenants"]>[string], domain: string): Tenant {
  return {
    name,
    names: tenant.names ?? defaultNames(name, domain),
    ports: [...(tenant.ports ?? [])].sort((a, b) => a - b),
    volumes: bytes(tenant.volumes ?? defaults.tenant.volumes),
    memory: bytes(tenant.memory ?? defaults.tenant.memory),
    cpus: tenant.cpus ?? defaults.tenant.cpus,
    stacks: tenant.stacks ?? defaults.tenant.stacks,
    requests: tenant.requests === undefined ? undefined : inTenSeconds(tenant.requests),
    tokens: (tenant.tokens ?? []).map((hash) => hash.replace(/^sha256:/, "")),
  };
}

function served({ stack, service }: { stack: string; service: string }) {
  const [tenant = "", project = ""] = stack.split("/");
  return { tenant, project, service };
}

function directoryUrl(directory: string): string {
  return directories[directory] ?? directory;
}

function entries<T>(record: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(record ?? {});
}

/** The schema has checked both; a value that gets here unchecked is a bug. */
function bytes(size: string): number {
  const value = parseSize(size);
  if (value === undefined) throw new TypeError(`resolve map: ${size} is not a size`);
  return value;
}

function resolveDns(upstreams: readonly string[]): Dns {
  const resolvers = upstreams.map(parseResolver);
  return {
    upstreams: resolvers.map(({ address }) => address),
    certificates: Object.fromEntries(
      resolvers.flatMap(({ address, name }) => (name === undefined ? [] : [[address, name]])),
    ),
  };
}

/** The schema has checked it; one that gets here unchecked is a bug. */
function resolveUpgrades(upgrades: MapFile["upgrades"]): Upgrades {
  const text = upgrades?.window ?? defaults.upgrades.window;
  const window = parseWindow(text);
  if (window === undefined) throw new TypeError(`resolve map: ${text} is not a window`);
  return { window, reboot: upgrades?.reboot ?? defaults.upgrades.reboot };
}

function resolveFront(front: MapFile["front"]): Front {
  return {
    requestsPerClient: inTenSeconds(front?.requests_per_client ?? defaults.front.requestsPerClient),
    connectionsPerClient: front?.connections_per_client ?? defaults.front.connectionsPerClient,
    logAddresses: front?.log_addresses ?? defaults.front.logAddresses,
  };
}

function resolveAlerts({ mail, webhook }: NonNullable<MapFile["alerts"]> = {}): Alerts {
  return {
    ...(mail === undefined ? {} : { mail: withoutGaps(mail) }),
    ...(webhook === undefined ? {} : { webhook: webhook.url === undefined ? {} : { url: webhook.url } }),
  };
}

function withoutGaps({
  user,
  ...mail
}: NonNullable<NonNullable<MapFile["alerts"]>["mail"]>): NonNullable<Alerts["mail"]> {
  return user === undefined ? mail : { ...mail, user };
}

function inTenSeconds(rate: string): number {
  const value = parseRate(rate);
  if (value === undefined) throw new TypeError(`resolve map: ${rate} is not a rate`);
  return value;
}

function seconds(duration: string): number {
  const value = parseDuration(duration);
  if (value === undefined) throw new TypeError(`resolve map: ${duration} is not a duration`);
  return value;
}
