/** Where zPod has what it needs to mount volumes of zStore. */
export const cephfsPlaces = {
  /** ceph.conf of all mounts, and each tenant's key (0600). /etc/zcloud itself is the operator's. */
  directory: "/etc/zcloud-volumes",
  config: "/etc/zcloud-volumes/ceph.conf",
  /** Admin sockets of the clients, by which they tell how they are without their mounts being touched. */
  sockets: "/run/zcloud-volumes",
  units: "/etc/systemd/system",
  /** Where containers find them. */
  mounts: "/srv/volumes",
} as const;

/** `garden.wiki.pages`: labels have no dots. */
export const mountName = (tenant: string, stack: string, volume: string): string => `${tenant}.${stack}.${volume}`;

export const mountPath = (tenant: string, stack: string, volume: string): string =>
  `${cephfsPlaces.mounts}/${tenant}/${stack}/${volume}`;

export const mountUnit = (tenant: string, stack: string, volume: string): string =>
  `zcloud-volume-${mountName(tenant, stack, volume)}.service`;

export const socketPath = (tenant: string, stack: string, volume: string): string =>
  `${cephfsPlaces.sockets}/${mountName(tenant, stack, volume)}.asok`;

export const keyringPath = (client: string): string => `${cephfsPlaces.directory}/${client}.keyring`;

/** Only the client's key, as the kernel's mount wants it. */
export const secretPath = (client: string): string => `${cephfsPlaces.directory}/${client}.secret`;
