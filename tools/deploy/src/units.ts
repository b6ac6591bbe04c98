import { renderUnit, type UnitOptions } from "@zcloud/service/unit";

export const roles = ["znet", "zfront", "zstore", "zpod", "zmah"] as const;
export type DeployedRole = (typeof roles)[number];

/** What a role needs beyond the common sandbox. In one place, so that a wider door is seen in review. */
const needs: Readonly<Record<DeployedRole, UnitOptions>> = {
  // Old days of the site's log are compressed and removed.
  znet: { logsDirectory: "zcloud" },
  zfront: {},
  // It makes Ceph's stores, as Ceph's user, on whole disks.
  zstore: {
    extraReadWritePaths: ["-/var/lib/ceph"],
    capabilities: ["CAP_SETUID", "CAP_SETGID"],
    devices: true,
    memoryMax: "1G",
  },
  // Stacks and their volumes.
  zpod: { extraReadWritePaths: ["/srv"] },
  zmah: { extraReadWritePaths: ["/srv"] },
};

export function unitOf(role: DeployedRole): string {
  // unbound-checkconf lists the interfaces; nft lists and loads the VM's own firewall.
  const { capabilities = [], ...others } = needs[role];
  return renderUnit(role, {
    addressFamilies: ["AF_NETLINK"],
    capabilities: ["CAP_NET_ADMIN", ...capabilities],
    ...others,
  });
}

/** What a role's service starts as processes of their own, built and shipped beside it. */
export function scriptsOf(role: DeployedRole): readonly string[] {
  return role === "zfront" ? ["order.js"] : [];
}
