import { internet } from "./addresses.ts";

/** chronyd as the lab's internet's time server, at the resolver's address: its truth is this machine's own clock. */
export function renderTime(directory: string): string {
  return `local stratum 1
allow
bindaddress ${internet.resolver}
cmdport 0
pidfile ${directory}/chrony.pid
bindcmdaddress /
`;
}
