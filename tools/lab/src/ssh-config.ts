import { hostTrust } from "@zcloud/daemons/sshd";
import { allHosts, siteOf, witnessOf, type ZMap } from "@zcloud/map";
import { type Layout, unitName } from "./layout.ts";
import { netnsPath } from "./netns.ts";

/**
 * An operator's ssh_config for the lab: `ssh -F ssh_config north/zpod1`. The zclouds are reached from the client's
 * place in the lab's internet, at their public addresses; the VMs by a jump through their zcloud, as in production.
 * @param busybox path of a static busybox whose nc connects from within a namespace
 */
export function renderSshConfig(map: ZMap, layout: Layout, busybox: string): string {
  const client = netnsPath(unitName(layout.lab, "client"));
  const witness = witnessOf(map);
  const hosts = [...allHosts(map), ...(witness === undefined ? [] : [witness])].map((host) => {
    const address = host.role === "zcloud" ? siteOf(map, host.site).public.ipv4 : host.address;
    const way =
      host.role === "zcloud" || host.role === "witness"
        ? `ProxyCommand nsenter --net=${client} -- ${busybox} nc %h %p`
        : // Not ProxyJump: OpenSSH refuses a / in its argument, and our hosts are written with one.
          `ProxyCommand ssh -F ${layout.installation}/ssh_config -W [%h]:%p ${host.site}/zcloud`;
    return [`Host ${host.id}`, `  HostName ${address}`, `  HostKeyAlias ${host.id}`, `  ${way}`, ""].join("\n");
  });
  const common = [
    "Host *",
    "  User root",
    `  IdentityFile ${layout.secrets}/operator`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    ...hostTrust(`${layout.installation}/known_hosts`).map((line) => `  ${line}`),
    "  BatchMode yes",
    "  ConnectTimeout 5",
    "  # A host without power does not say so: notice it within 6 s.",
    "  ServerAliveInterval 2",
    "  ServerAliveCountMax 3",
    "  ControlMaster auto",
    `  ControlPath ${layout.sockets}/%C`,
    "  ControlPersist 60",
    "",
  ];
  return [...hosts, common.join("\n")].join("\n");
}
