import { type Bus, connectBus } from "@zcloud/bus";
import type { Host } from "@zcloud/host";
import { ports, znetOf } from "@zcloud/map";
import type { Logger } from "pino";
import type { MapView } from "./map-view.ts";
import type { RolePaths } from "./paths.ts";

/** This host's keys on the bus, as `zctl pki` enrolled it. */
export interface Identity {
  /** nkey user seed. */
  readonly seed: string;
  /** PEM texts. */
  readonly ca: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Undefined until the host is enrolled. */
export async function readIdentity(host: Host, paths: RolePaths): Promise<Identity | undefined> {
  const file = (name: string): Promise<string | undefined> => host.read(`${paths.etc}/pki/${name}`);
  const seed = (await file("bus.nk"))?.trim();
  const ca = await file("ca.crt");
  if (seed === undefined || seed === "" || ca === undefined) return undefined;
  return { seed, ca, cert: await file("host.crt"), key: await file("host.key") };
}

/** `10.64.1.2:4222`: the site's znet. */
export function busServers(view: MapView): readonly string[] {
  return [`${znetOf(view.map, view.self.site).address}:${ports.nats}`];
}

export interface JoinOptions {
  readonly view: MapView;
  readonly identity: Identity;
  readonly host: Host;
  readonly paths: RolePaths;
  readonly log: Logger;
}

/** Returns at once, NATS there or not. */
export function joinBus({ view, identity, host, paths, log }: JoinOptions): Promise<Bus> {
  const { seed, ca, cert, key } = identity;
  return connectBus({
    servers: busServers(view),
    name: view.self.id,
    seed,
    tls: { ca, ...(cert === undefined || key === undefined ? {} : { cert, key }) },
    logger: log.child({ part: "bus" }),
    stateDir: paths.state,
    host,
  });
}
