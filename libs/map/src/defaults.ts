import type { Role } from "./model.ts";

/** What a map need not say. Values are written as in the file, so that the docs can show them. */
export const defaults = {
  internalDomain: "zcloud.internal",
  hosts: {
    znet: { cpus: 1, memory: "1G", disk: "20G" },
    zfront: { cpus: 2, memory: "2G", disk: "10G" },
    zstore: { cpus: 4, memory: "8G", disk: "20G" },
    zpod: { cpus: 4, memory: "8G", disk: "80G" },
    zmah: { cpus: 2, memory: "4G", disk: "80G" },
  } satisfies Record<Exclude<Role, "zcloud" | "witness">, { cpus: number; memory: string; disk: string }>,
  storage: { kind: "local", profile: "metro", copies: 2, packages: "debian", fileDisk: "4G" },
  acme: { directory: "letsencrypt" },
  dns: { upstreams: ["1.1.1.1", "9.9.9.9"] },
  ntp: {
    servers: ["0.debian.pool.ntp.org", "1.debian.pool.ntp.org", "2.debian.pool.ntp.org"],
    nts: ["time.cloudflare.com"],
  },
  front: { requestsPerClient: "200/s", connectionsPerClient: 256, logAddresses: "truncated" },
  upgrades: { window: "02:00-04:00", reboot: "never" },
  log: { keep: "30d", atMost: "10G" },
  metrics: { keep: "15d", atMost: "2G" },
  tenant: { volumes: "10G", memory: "1G", cpus: 1, stacks: 10 },
} as const;

/** Directories (RFC 8555, 7.1.1) that have a short name in the map. */
export const directories: Readonly<Record<string, string>> = {
  letsencrypt: "https://acme-v02.api.letsencrypt.org/directory",
  "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
};

/** A tenant's names where it lists none. */
export function defaultNames(tenant: string, domain: string): string[] {
  return [`${tenant}.${domain}`, `*.${tenant}.${domain}`];
}
