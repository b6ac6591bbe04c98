import { type SlotClassName, slotClass } from "./classes.ts";
import { fnv32 } from "./hash.ts";
import { byText } from "./order.ts";
import type { Route } from "./routes.ts";
import type { FrontSettings } from "./settings.ts";

/** A server of a slot backend, as it should be. */
export interface SlotServer {
  /** `e7` (from the world) or `l7` (from the peer). */
  readonly backend: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Takes no new requests. */
  readonly draining: boolean;
  /** Has a health check, which must be enabled when the server is added at runtime. */
  readonly checked: boolean;
  /** Arguments after the address, the same in the file and in `add server`. */
  readonly options: string;
}

const check =
  "check inter 500ms fastinter 100ms downinter 500ms fall 2 rise 2 observe layer4 error-limit 1 on-error mark-down";

/** Server ids: local ones, then the peer, then local ones once more. `balance first` asks in this order. */
const localIds = 899_999;
const peerId = 900_000;

/**
 * The servers of a route's two backends.
 * `e`: this site's servers, checked; then the peer, never checked; then this site's once more, unchecked (`ID.last`):
 * checks that fail because the machine starves must not take the last resort away.
 * `l`: this site's servers only, which is why no request can come back to where it was.
 */
export function slotServers(
  slot: number,
  name: SlotClassName,
  route: Route,
  settings: FrontSettings,
): readonly SlotServer[] {
  const many = slotClass(name).many;
  const e = `e${slot}`;
  const l = `l${slot}`;
  const ids = numberServers(route);
  const servers: SlotServer[] = [];
  for (const { id, address, port, draining } of route.servers) {
    const number = ids.get(id) ?? 1;
    const at = { address, port, draining };
    const last = { ...at, name: `${id}.last`, checked: false };
    servers.push({ ...at, backend: e, name: id, checked: true, options: `id ${number} ${check}` });
    servers.push({
      ...last,
      backend: e,
      options: `id ${peerId + number}${many ? " backup weight 1" : ""}`,
    });
    servers.push({
      ...at,
      backend: l,
      name: id,
      checked: many,
      options: `id ${number}${many ? ` ${check}` : ""}`,
    });
    if (many) servers.push({ ...last, backend: l, options: `id ${peerId + number} backup` });
  }
  if (route.peer && settings.peer !== undefined) {
    const { site, address, port, name: peerName } = settings.peer;
    const { ca, certificate } = settings.paths;
    const tls = `ssl crt ${certificate} ca-file ${ca} verify required verifyhost ${peerName} alpn http/1.1`;
    const options = `id ${peerId} ${tls}${many ? " backup weight 256" : ""}`;
    servers.push({ backend: e, name: `peer.${site}`, address, port, draining: false, checked: false, options });
  }
  return servers.sort((a, b) => byText(a.backend, b.backend) || byText(a.name, b.name));
}

/** Whether a server name is the other site's front. Ids of local servers have no dot. */
export function isPeer(name: string): boolean {
  return name.startsWith("peer.");
}

/** A number for each local server which does not depend on the others, except where two would get the same. */
function numberServers(route: Route): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const used = new Set<number>();
  for (const { id } of route.servers) {
    let number = 1 + (fnv32(id) % localIds);
    while (used.has(number)) number = (number % localIds) + 1;
    used.add(number);
    numbers.set(id, number);
  }
  return numbers;
}

/** The line of a server in haproxy.cfg. A draining one has nothing to finish in a new process: `disabled`. */
export function serverLine({ name, address, port, options, draining }: SlotServer): string {
  return `    server ${name} ${address}:${port} ${options}${draining ? " disabled" : ""}`;
}
