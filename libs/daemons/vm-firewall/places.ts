/** Where the firewall of a VM is kept. */
export interface FirewallPlaces {
  readonly unit: string;
  readonly unitFile: string;
  /** Is there when the unit is enabled. */
  readonly enabled: string;
  /** What is loaded at boot, and what was loaded last. */
  readonly rules: string;
  /** How the kernel listed it then. */
  readonly note: string;
}

export function firewallPlaces(state: string): FirewallPlaces {
  const unit = "zcloud-firewall";
  return {
    unit,
    unitFile: `/etc/systemd/system/${unit}.service`,
    enabled: `/etc/systemd/system/sysinit.target.wants/${unit}.service`,
    rules: `/etc/${unit}/rules.nft`,
    note: `${state}/firewall.json`,
  };
}
