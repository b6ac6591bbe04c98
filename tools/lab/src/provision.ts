import { type HostEntry, type ZMap, znetOf } from "@zcloud/map";
import { internet } from "./addresses.ts";
import { hostName } from "./layout.ts";

export interface ProvisionedFile {
  readonly content: string;
  readonly mode: number;
}

export interface ProvisionInput {
  readonly map: ZMap;
  readonly host: HostEntry;
  /** OpenSSH public key line of the lab's operator, without comment. */
  readonly operatorKey: string;
  /** Debian's own trust store, PEM. */
  readonly debianTrust: string;
  /** Authorities of the lab's internet: file name -> PEM. */
  readonly trust: ReadonlyMap<string, string>;
}

/**
 * Files that a host has before its first boot: what a provider's image or cloud-init gives a real one. Path -> file.
 * Nothing of a role is in here: that comes by deployment, over SSH.
 */
export function provisionedFiles(input: ProvisionInput): ReadonlyMap<string, ProvisionedFile> {
  const { map, host, operatorKey } = input;
  const text = (content: string, mode = 0o644): ProvisionedFile => ({ content, mode });
  return new Map([
    ["/etc/hostname", text(`${hostName(host)}\n`)],
    ["/etc/hosts", text(`127.0.0.1 localhost\n::1 localhost\n${host.address} ${host.fqdn} ${host.name}\n`)],
    ["/etc/resolv.conf", text(resolvConf(map, host))],
    ["/root/.ssh/authorized_keys", text(`${operatorKey}\n`, 0o600)],
    ["/etc/zcloud/host.json", text(`${JSON.stringify({ id: host.id })}\n`)],
    ["/etc/zcloud/operators", text(allowedSigners(map, operatorKey))],
    ...trustFiles(input),
  ]);
}

/** The site's zNet first, the public resolver when it does not answer (resolv.conf(5)). A zcloud depends on no VM, and the witness has none. */
function resolvConf(map: ZMap, host: HostEntry): string {
  const alone = host.role === "zcloud" || host.role === "witness";
  const servers = alone ? [internet.resolver] : [znetOf(map, host.site).address, internet.resolver];
  const search = [...(host.site === "" ? [] : [`${host.site}.${map.internalDomain}`]), map.internalDomain].join(" ");
  return [
    ...servers.map((server) => `nameserver ${server}`),
    `search ${search}`,
    "options timeout:1 attempts:1",
    "",
  ].join("\n");
}

/** Who may sign maps (ssh-keygen(1), ALLOWED SIGNERS). */
function allowedSigners(map: ZMap, operatorKey: string): string {
  const signers = map.operators.map(({ name, key }) => [name, bareKey(key)] as const);
  if (!signers.some(([, key]) => key === operatorKey)) signers.unshift(["lab", operatorKey]);
  return signers.map(([name, key]) => `${name} namespaces="zcloud-map" ${key}\n`).join("");
}

/** `ssh-ed25519 AAAA`, without what comes behind it. */
export function bareKey(key: string): string {
  return key.trim().split(/\s+/).slice(0, 2).join(" ");
}

function trustFiles({ debianTrust, trust }: ProvisionInput): [string, ProvisionedFile][] {
  const authorities = [...trust].map(([name, pem]): [string, ProvisionedFile] => {
    return [`/usr/local/share/ca-certificates/${name}`, { content: pem, mode: 0o644 }];
  });
  const bundle = [debianTrust.trimEnd(), ...[...trust.values()].map((pem) => pem.trim())].join("\n");
  return [...authorities, ["/etc/ssl/certs/ca-certificates.crt", { content: `${bundle}\n`, mode: 0o644 }]];
}
