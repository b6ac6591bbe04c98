import { type HostEntry, siteOf, type ZMap, znetOf } from "@zcloud/map";

/** Where chronyd has its things, for tests that run it elsewhere. */
export interface ChronyPlaces {
  readonly config: string;
  /** Drop-in of Debian's unit. */
  readonly unit: string;
  /** The link that `systemctl enable` makes. */
  readonly enabled: string;
  readonly state: string;
  readonly run: string;
}

export const chronyPlaces: ChronyPlaces = {
  config: "/etc/chrony/chrony.conf",
  unit: "/etc/systemd/system/chrony.service.d/zcloud.conf",
  enabled: "/etc/systemd/system/multi-user.target.wants/chrony.service",
  state: "/var/lib/chrony",
  run: "/run/chrony",
};

/**
 * chrony.conf(5) of a host: znet serves its site, every other VM follows it and knows the world's servers too. A zcloud knows
 * the world's alone: the machine below must not follow a guest of its own. So does the witness, which is at no site.
 */
export function renderChrony(map: ZMap, self: HostEntry, places: ChronyPlaces = chronyPlaces): string {
  const znet = self.role === "znet";
  const follows = !znet && self.role !== "zcloud" && self.role !== "witness";
  const lines = [
    "# Written by zCloud from the map; changes are overwritten.",
    ...(!follows ? [] : ["# The site's own; the world's are there when it is silent, or lies.", follow(map, self)]),
    ...worldServers(map, follows ? 1 : 2),
    "",
    "# VMs that were paused wake up with yesterday's time: it is set at once, at any time.",
    "makestep 1 -1",
    "rtcsync",
    "logchange 0.1",
    `driftfile ${places.state}/chrony.drift`,
    `ntsdumpdir ${places.state}`,
    `pidfile ${places.run}/chronyd.pid`,
    `bindcmdaddress ${places.run}/chronyd.sock`,
    "# Questions how it is, from this host.",
    "bindcmdaddress 127.0.0.1",
    "cmdport 323",
    "",
    ...(znet ? serving(map, self) : ["# Serves nobody.", "port 0"]),
  ];
  return `${lines.join("\n")}\n`;
}

function follow(map: ZMap, self: HostEntry): string {
  return `server ${znetOf(map, self.site).address} iburst prefer minpoll 4 maxpoll 6`;
}

function worldServers({ ntp }: ZMap, each: number): readonly string[] {
  return [
    ...ntp.nts.map((name) => `server ${name} iburst nts`),
    ...ntp.servers.map((server) =>
      isAddress(server) ? `server ${server} iburst` : `pool ${server} iburst maxsources ${each}`,
    ),
  ];
}

const isAddress = (server: string): boolean => /^[\d.]+$/.test(server);

function serving(map: ZMap, self: HostEntry): readonly string[] {
  return [
    "# The site, and nobody else. With the world away it goes on by its own clock, and says so by its stratum.",
    `allow ${siteOf(map, self.site).network}`,
    `bindaddress ${self.address}`,
    "local stratum 10 orphan",
    "ratelimit interval 1 burst 16",
  ];
}

/** Comes back after a crash, and waits at boot for its address as long as it takes. */
export function renderChronyDropIn(): string {
  return `# Written by zCloud; changes are overwritten.
[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
`;
}
