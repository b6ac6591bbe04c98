import { join } from "node:path";
import { hostTrust } from "@zcloud/daemons/sshd";
import type { Host } from "@zcloud/host";
import { siteOf, type ZMap } from "@zcloud/map";
import { machines } from "./installation.ts";

/**
 * ssh_config(5) of an installation: zclouds and witness at their public addresses, VMs by a jump through their zcloud.
 * Written once, then the operator's to edit; a lab brings its own.
 */
export function renderSshConfig(map: ZMap, directory: string): string {
  const hosts = machines(map).map(({ id, site, role, address }) => {
    const at = role === "zcloud" ? siteOf(map, site).public.ipv4 : address;
    // Not ProxyJump: OpenSSH refuses a / in its argument, and our hosts are written with one.
    const jump = `  ProxyCommand ssh -F ${sshConfigPath(directory)} -W [%h]:%p ${site}/zcloud`;
    const way = role === "zcloud" || role === "witness" ? [] : [jump];
    return [`Host ${id}`, `  HostName ${at}`, `  HostKeyAlias ${id}`, ...way, ""].join("\n");
  });
  const common = [
    "Host *",
    "  User root",
    "  # The installation's authority says who is who. A host that it has not signed yet: zctl trust.",
    ...hostTrust(knownHostsPath(directory)).map((line) => `  ${line}`),
    "  BatchMode yes",
    "  ConnectTimeout 5",
    "  ServerAliveInterval 2",
    "  ServerAliveCountMax 3",
    "  ControlMaster auto",
    "  ControlPath ~/.ssh/zcloud-%C",
    "  ControlPersist 60",
    "",
  ];
  return [...hosts, common.join("\n")].join("\n");
}

export function sshConfigPath(directory: string): string {
  return join(directory, "ssh_config");
}

export function knownHostsPath(directory: string): string {
  return join(directory, "known_hosts");
}

export async function ensureSshConfig(local: Host, map: ZMap, directory: string): Promise<void> {
  const path = sshConfigPath(directory);
  if ((await local.stat(path)) === undefined) await local.write(path, renderSshConfig(map, directory));
}
