import { type HostEntry, type Operator, siteOf, type ZMap } from "@zcloud/map";
import { alertmanagerPort, prometheusPort } from "../prometheus/places.ts";

/** Where sshd has its things, for tests that run it elsewhere. */
export interface SshdPlaces {
  /** Before the image's and a provider's files: sshd takes the first value that it reads (sshd_config(5)). */
  readonly config: string;
  /** Who may log in to a VM, and nobody else: ~/.ssh/authorized_keys counts no more. */
  readonly operators: string;
  /** Who may sign maps: the trust root, written by an operator and by no agent. */
  readonly signers: string;
  readonly hostKey: string;
  readonly certificate: string;
}

export const sshdPlaces: SshdPlaces = {
  config: "/etc/ssh/sshd_config.d/01-zcloud.conf",
  operators: "/etc/ssh/zcloud_operators",
  signers: "/etc/zcloud/operators",
  hostKey: "/etc/ssh/ssh_host_ed25519_key.pub",
  certificate: "/etc/ssh/ssh_host_ed25519_key-cert.pub",
};

/** sshd_config(5) of a host: keys only; a zcloud is the way to its site's VMs, znet to its numbers, any other VM to nowhere. */
export function renderSshd(map: ZMap, self: HostEntry, places: SshdPlaces = sshdPlaces): string {
  const lines = [
    "# Written by zCloud from the map; changes are overwritten.",
    "PermitRootLogin prohibit-password",
    "AuthenticationMethods publickey",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "HostbasedAuthentication no",
    "PermitEmptyPasswords no",
    "PermitUserEnvironment no",
    ...(isVm(self) ? ["AllowUsers root", `AuthorizedKeysFile ${places.operators}`] : []),
    "",
    "# Post-quantum first; no SHA-1, no CBC, no NIST curves.",
    "KexAlgorithms mlkem768x25519-sha256,sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org",
    "Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com",
    "MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com",
    "HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519",
    "RequiredRSASize 2048",
    "",
    "LoginGraceTime 20",
    "MaxAuthTries 4",
    "# zctl's questions share a connection; all hosts of a site may be asked at once through their zcloud.",
    "MaxSessions 100",
    "MaxStartups 100:30:200",
    "ClientAliveInterval 30",
    "ClientAliveCountMax 4",
    "UseDNS no",
    "# Says which key came in.",
    "LogLevel VERBOSE",
    "",
    "X11Forwarding no",
    "AllowAgentForwarding no",
    "AllowStreamLocalForwarding no",
    "PermitTunnel no",
    "GatewayPorts no",
    ...(self.role === "zcloud" ? jump(map, self) : vm(map, self)),
  ];
  return `${lines.join("\n")}\n`;
}

/** Whose operators are the map's; a rented machine's own log-ins are its administrator's to keep. */
export function isVm({ role }: HostEntry): boolean {
  return role !== "zcloud" && role !== "witness";
}

function jump(map: ZMap, self: HostEntry): readonly string[] {
  const vms = siteOf(map, self.site).hosts.filter(({ role }) => role !== "zcloud");
  return [
    "# The way of `zctl ssh` to this site's VMs, and to nothing else.",
    "AllowTcpForwarding local",
    `PermitOpen ${vms.map(({ address }) => `${address}:22`).join(" ")}`,
    "PermitListen none",
  ];
}

/** Prometheus and Alertmanager listen on znet's loopback only. */
const numbers: readonly string[] = [
  "# The way of an operator's browser to the site's numbers and alerts (docs/operations.md), and to nothing else.",
  "AllowTcpForwarding local",
  `PermitOpen ${[prometheusPort, alertmanagerPort].map((port) => `127.0.0.1:${port}`).join(" ")}`,
  "PermitListen none",
];

function vm(map: ZMap, self: HostEntry): readonly string[] {
  const zcloud = isVm(self) ? siteOf(map, self.site).hosts.find(({ role }) => role === "zcloud") : undefined;
  return [
    ...(self.role === "znet" ? numbers : ["DisableForwarding yes", "AllowTcpForwarding no"]),
    ...(zcloud === undefined
      ? []
      : [
          "# All operators come from there: one's wrong key must not shut the others out.",
          `PerSourcePenaltyExemptList ${zcloud.address}`,
        ]),
  ];
}

/** authorized_keys of the map's operators. */
export function renderOperators(operators: readonly Operator[]): string {
  const keys = operators.map(({ name, key }) => `${key} ${name}\n`);
  return `# Written by zCloud: the map's operators; changes are overwritten.\n${keys.join("")}`;
}
