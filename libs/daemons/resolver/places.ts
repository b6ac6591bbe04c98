/** Where the resolver of a VM has its things, for tests that run it elsewhere. */
export interface ResolverPlaces {
  /** Without `.service`. */
  readonly unit: string;
  readonly unitFile: string;
  /** The link that `systemctl enable` makes. */
  readonly enabled: string;
  readonly config: string;
  /** Root servers of an installation that has no internet. */
  readonly hints: string;
  readonly control: string;
  readonly resolvConf: string;
}

const unit = "zcloud-resolver";
const directory = "/etc/zcloud-resolver";

export const resolverPlaces: ResolverPlaces = {
  unit,
  unitFile: `/etc/systemd/system/${unit}.service`,
  enabled: `/etc/systemd/system/multi-user.target.wants/${unit}.service`,
  config: `${directory}/unbound.conf`,
  hints: `${directory}/root.hints`,
  control: `/run/${unit}/control`,
  resolvConf: "/etc/resolv.conf",
};

/** The internet's root servers (Debian's dns-root-data). */
export const publicHints = "/usr/share/dns/root.hints";
