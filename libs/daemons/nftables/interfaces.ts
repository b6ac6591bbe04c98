/**
 * Names of a zcloud's interfaces: the contract between the firewall and whoever makes them (the lab's namespaces,
 * libvirt's networks). Linux allows 15 characters (IFNAMSIZ).
 */
export const uplink = "wan";
/** WireGuard to the peer site, or what stands for it. */
export const tunnel = "wg-peer";
/** All links to VMs, for nftables' wildcard match. */
export const anyVm = "vm-*";

/** The routed link to one VM: `vm-zpod1`. */
export function vmInterface(hostName: string): string {
  return `vm-${hostName}`;
}
