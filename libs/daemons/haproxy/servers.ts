import { type SlotClassName, slotClass } from "./classes.ts";
import { complaint } from "./greeting.ts";
import { fnv32, hex32 } from "./hash.ts";
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

/**
 * Milliseconds between two checks of a server. `e`: every half second, so that one that hangs is out within a second.
 * `l` is asked when a site has failed already. A check costs HAProxy and the server some 0.2 ms, so with a larger pool of
 * slots each is checked less often: a server that died is left out at the first connection that fails anyway.
 */
export function checkInterval(side: "e" | "l", pool: number): number {
  const least = side === "e" ? 500 : 2_000;
  return Math.min(30_000, Math.max(least, pool <= fewSlots ? 0 : pool * 5));
}

/** Up to here every slot may have servers that are checked at the best rate. */
const fewSlots = 320;

const check = (side: "e" | "l", pool: number): string =>
  `check inter ${checkInterval(side, pool)}ms fastinter 100ms downinter ${Math.max(500, Math.round(checkInterval(side, pool) / 10))}ms fall 2 rise 2 observe layer4 error-limit 1 on-error mark-down`;

/**
 * A breaker, no health check: what it asks is this HAProxy itself, which always answers. So no application that fails
 * its checks, as all do on a machine that starves, takes the last resort away; only a connection that failed does, for
 * `breakerInterval`, and the next visitors don't wait for it again. Without `fastinter` a failed connection would not bring
 * the next check forward, and it would be closed for up to `inter`. Nothing is learned by asking while all is well, and with 5,000
 * routes a question a minute was half of what an idle front took, 3.5 % of a core: so `inter` is an hour.
 */
const breaker = (self: number, pool: number, many: boolean): string => {
  const again = breakerInterval(pool, many);
  return `check addr 127.0.0.1 port ${self} inter 1h fastinter ${again}ms downinter ${again}ms fall 1000 rise 1 observe layer4 error-limit 1 on-error mark-down`;
};

/**
 * Milliseconds after which a breaker that is open, or could not ask, asks again. A HAProxy that starves can't answer itself
 * in time; then all breakers ask so often, and must not be what it starves of from then on.
 *
 * One server: half a second. Several: a request that finds nobody here or there meets their last resorts one after the
 * other, 200 ms each, and the peer's, which says nothing at all when the last one that it tried swallowed the connection
 * (HAProxy gives no answer to an HTTP/2 request then, http_return_srv_error), so that it is asked again. If breakers were tried
 * again within that round, it would go on: 2 to 5 s were seen, with half a second here. Their checked twins
 * come back by themselves.
 */
export function breakerInterval(pool: number, many: boolean): number {
  return Math.max(many ? 2_000 : 500, Math.round(pool * 1.5));
}

/**
 * Milliseconds in which all checks begin after a start: at once they would take so long that each comes too late. HAProxy's
 * own measure is the longest interval of all, an hour.
 */
export function checkSpread(pool: number): number {
  return Math.max(1_000, Math.round(pool * 2.5));
}

/** A connection that opens is all that is known of a TCP service; each such check is one more for it to log. */
const tcpCheck =
  "check inter 2s fastinter 200ms downinter 1s fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down";

/** Server ids: local ones, then the peer, then local ones once more. `balance first` asks in this order. */
const localIds = 899_999;
const peerId = 900_000;

/**
 * The servers of a route's two backends. `pool`: how many slots there are.
 * `e`: this site's servers, checked; then the peer by the link (link.ts); then this site's once more with a breaker in
 * place of a check (`ID.last`).
 * `l`: this site's servers only, which is why no request can come back to where it was.
 * A server that an operator drains is only its `ID.last`, in both: nobody who has its cookie comes back to it, what it
 * began it ends (steps.ts, dropSteps), and it is there if nobody else is.
 */
export function slotServers(
  slot: number,
  name: SlotClassName,
  route: Route,
  settings: FrontSettings,
  pool: number,
): readonly SlotServer[] {
  const { balance, h2, mode, greets } = slotClass(name);
  const stream = mode !== "http";
  const tells = stream && route.proxyProtocol ? " send-proxy-v2" : "";
  const health = (side: "e" | "l"): string => (stream ? tcpCheck : check(side, pool));
  const many = balance !== "one";
  const e = `e${slot}`;
  const l = `l${slot}`;
  const ids = numberServers(route);
  const speaks = h2 ? " proto h2 check-proto h2" : tells;
  const cookie = (text: string): string => (balance === "sticky" ? ` cookie ${hex32(text)}` : "");
  const lastResort = `${breaker(settings.listen.self, pool, many)}${h2 ? " proto h2 check-proto h1" : tells}${greets ? complaint : ""}`;
  const servers: SlotServer[] = [];
  for (const { id, address, port, draining, drained = false } of route.servers) {
    const number = ids.get(id) ?? 1;
    const at = { address, port, draining };
    const last = { ...at, name: `${id}.last`, checked: true };
    const resort = `id ${peerId + number} ${lastResort}`;
    servers.push({ ...last, backend: e, options: `${resort}${many ? " backup weight 1" : ""}` });
    if (many || drained) servers.push({ ...last, backend: l, options: `${resort}${many ? " backup" : ""}` });
    if (drained) continue;
    servers.push({
      ...at,
      backend: e,
      name: id,
      checked: true,
      options: `id ${number} ${health("e")}${speaks}${cookie(id)}`,
    });
    servers.push({
      ...at,
      backend: l,
      name: id,
      checked: true,
      options: `id ${number} ${many ? `${health("l")}${speaks}${cookie(id)}` : lastResort}`,
    });
  }
  if (route.peer && settings.peer !== undefined) {
    const hop = stream ? "send-proxy-v2" : "proto h2";
    const options = `id ${peerId} ${hop} track link/${settings.peer.site}${many ? " backup weight 256" : ""}${cookie(settings.peer.site)}`;
    const link = { address: "127.0.0.1", port: stream ? settings.listen.tcpLink : settings.listen.link };
    servers.push({ ...link, backend: e, name: `peer.${settings.peer.site}`, draining: false, checked: false, options });
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
