import { join } from "node:path";
import type { Host } from "@zcloud/host";
import { allHosts, siteOf, type ZMap } from "@zcloud/map";

/**
 * ssh_config(5) of an installation: the zclouds at their public addresses, VMs by a jump through their zcloud.
 * Written once, then the operator's to edit; a lab brings its own.
 */
export function renderSshConfig(map: ZMap, directory: string): string {
  const hosts = allHosts(map).map(({ id, site, role, address }) => {
    const at = role === "zcloud" ? siteOf(map, site).public.ipv4 : address;
    const way = role === "zcloud" ? [] : [`  ProxyJump ${site}/zcloud`];
    return [`Host ${id}`, `  HostName ${at}`, `  HostKeyAlias ${id}`, ...way, ""].join("\n");
  });
  const common = [
    "Host *",
    "  User root",
    `  UserKnownHostsFile ${join(directory, "known_hosts")}`,
    "  # The key of a new host is taken at the first contact, and never another one after that.",
    "  StrictHostKeyChecking accept-new",
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

export async function ensureSshConfig(local: Host, map: ZMap, directory: string): Promise<void> {
  const path = sshConfigPath(directory);
  if ((await local.stat(path)) === undefined) await local.write(path, renderSshConfig(map, directory));
}
