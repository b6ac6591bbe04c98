import type { FirewallPlaces } from "./places.ts";

/**
 * Loads the rules before anything speaks to the network, whether our service ever starts or not. A table of connections that is
 * full refuses visitors: the kernel's 65,536 entries of a VM with 2 GiB last for 270 new connections a second.
 */
export function renderFirewallUnit({ rules }: Pick<FirewallPlaces, "rules">): string {
  return `# Written by zCloud; changes are overwritten.
[Unit]
Description=zCloud firewall of this VM
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
StandardInput=null
ProtectSystem=full
ProtectHome=yes
ExecStart=/usr/sbin/nft --file ${rules}
ExecStartPost=-/usr/sbin/sysctl --quiet --write net.netfilter.nf_conntrack_max=262144 net.netfilter.nf_conntrack_tcp_timeout_time_wait=30

[Install]
WantedBy=sysinit.target
`;
}
