/** Where a role finds and keeps its things. Tests put them elsewhere. */
export interface RolePaths {
  /** host.json, operators, map.json, pki/. */
  readonly etc: string;
  /** What must survive a reboot: map.json, replicas/. */
  readonly state: string;
  /** The API of the agent, for root only. */
  readonly socket: string;
}

export function rolePaths(role: string): RolePaths {
  return { etc: "/etc/zcloud", state: `/var/lib/zcloud/${role}`, socket: `/run/zcloud/${role}.sock` };
}
