/** Kernel settings of a zcloud: it routes, and takes nobody's advice about routes. Name -> value (sysctl(8)). */
export const zcloudSysctls: ReadonlyMap<string, string> = new Map([
  ["net.ipv4.ip_forward", "1"],
  ["net.ipv4.conf.all.accept_redirects", "0"],
  ["net.ipv4.conf.all.send_redirects", "0"],
  ["net.ipv4.conf.default.send_redirects", "0"],
  ["net.ipv4.conf.all.accept_source_route", "0"],
  // The firewall checks the source on each link; strict reverse-path filters add only surprises to /32 links.
  ["net.ipv4.conf.all.rp_filter", "0"],
]);

/** A file for /etc/sysctl.d. */
export function renderSysctls(sysctls: ReadonlyMap<string, string>): string {
  return [...sysctls].map(([name, value]) => `${name} = ${value}\n`).join("");
}
