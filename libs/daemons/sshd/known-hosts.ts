/** known_hosts(5) of an installation: its authority, and single keys only until the authority has signed them. */
export function withAuthority(text: string, publicKey: string): string {
  const others = lines(text).filter((line) => !line.startsWith("@cert-authority "));
  return `${[`@cert-authority * ${bare(publicKey)}`, ...others].join("\n")}\n`;
}

/** With this key for a host, in place of any other one. */
export function withPin(text: string, id: string, publicKey: string): string {
  return `${[...lines(withoutPins(text, [id])), `${id} ${bare(publicKey)}`].join("\n")}\n`;
}

/** Without the single keys of these hosts. */
export function withoutPins(text: string, ids: readonly string[]): string {
  const kept = lines(text).filter((line) => !ids.includes(line.split(" ")[0] ?? ""));
  return kept.length === 0 ? "" : `${kept.join("\n")}\n`;
}

/** Options of an ssh_config(5) that knows hosts by that file, and never asks. */
export function hostTrust(knownHosts: string): readonly string[] {
  return [
    `UserKnownHostsFile ${knownHosts}`,
    "GlobalKnownHostsFile /dev/null",
    "StrictHostKeyChecking yes",
    "HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519",
    "UpdateHostKeys no",
  ];
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

function bare(key: string): string {
  return key.trim().split(/\s+/).slice(0, 2).join(" ");
}
