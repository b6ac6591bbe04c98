import type { DesiredCertificates, Door } from "@zcloud/daemons/acme";
import { ports, zfrontOf } from "@zcloud/map";
import type { MapView } from "@zcloud/service";

/** The addresses that a public name of ours may have, and where the front behind each answers challenges. */
export function frontDoors({ map, self, site, peer }: MapView): ReadonlyMap<string, Door> {
  const doors = new Map<string, Door>();
  // Our own public address is the zCloud's: from inside, the front is asked directly.
  const own = { host: self.address, port: ports.http, own: true };
  for (const address of publicAddresses(site)) doors.set(address, { ...own, inside: false });
  doors.set(self.address, { ...own, inside: true });
  if (peer !== undefined) {
    const other = { host: peer.public.ipv4, port: ports.http, own: false };
    for (const address of publicAddresses(peer)) doors.set(address, { ...other, inside: false });
    doors.set(zfrontOf(map, peer.name).address, { ...other, inside: true });
  }
  return doors;
}

/** Where visitors come in: our own front is asked directly, the other site's as the world asks it. */
export function frontTls({ self, peer }: MapView): DesiredCertificates["front"] {
  const other = peer === undefined ? undefined : { host: peer.public.ipv4, port: ports.https };
  return { own: { host: self.address, port: ports.https }, peer: other };
}

function publicAddresses(site: MapView["site"]): readonly string[] {
  return [site.public.ipv4, site.public.ipv6].flatMap((address) => (address === undefined ? [] : [address]));
}
