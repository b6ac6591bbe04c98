import type { UnitOptions } from "./unit.ts";

/** More than any role asks for. */
export const unitOfEverything: UnitOptions = {
  extraReadWritePaths: ["/srv", "/var/lib/zcloud-volumes"],
  capabilities: ["CAP_NET_ADMIN"],
  addressFamilies: ["AF_NETLINK"],
  kernelTunables: true,
  hostname: true,
  devices: true,
  after: ["podman.socket"],
  memoryMax: "512M",
};
