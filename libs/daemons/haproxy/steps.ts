import { type MapEntries, type MapName, mapPath } from "./maps.ts";
import type { RunningServer, RunningServers } from "./parse.ts";
import type { SlotServer } from "./servers.ts";

/** A command of the runtime API and what it answers when it worked. */
export interface Step {
  readonly command: string;
  readonly expect: RegExp;
  /** A name or port is led somewhere else by it. */
  readonly publishes?: true;
}

const silent = /^$/;
const step = (command: string, expect: RegExp = silent): Step => ({ command, expect });

/**
 * Brings the servers of a slot in: what is missing is added, what is there gets its address and state. Those that drain
 * come last, so that there is somebody else when they stop taking requests.
 */
export function serverSteps(desired: readonly SlotServer[], running: RunningServers): readonly Step[] {
  const ordered = [...desired].sort((a, b) => Number(a.draining) - Number(b.draining));
  return ordered.flatMap((server) => {
    const now = running.get(server.backend)?.get(server.name);
    return now === undefined ? addServer(server) : changeServer(server, now);
  });
}

function addServer({ backend, name, address, port, options, checked, draining }: SlotServer): readonly Step[] {
  // It would only be added to finish what it never began.
  if (draining) return [];
  const id = `${backend}/${name}`;
  return [
    step(`add server ${id} ${address}:${port} ${options}`, /^New server registered\.$/),
    ...(checked ? [step(`enable health ${id}`)] : []),
    step(`enable server ${id}`),
  ];
}

function changeServer(server: SlotServer, now: RunningServer): readonly Step[] {
  const id = `${server.backend}/${server.name}`;
  const moved = now.address !== server.address || now.port !== server.port;
  const serves = !now.maintenance && !now.draining;
  return [
    ...(moved
      ? [step(`set server ${id} addr ${server.address} port ${server.port}`, /changed|no need to change/)]
      : []),
    ...(server.draining && serves ? [step(`set server ${id} state drain`)] : []),
    ...(!server.draining && !serves ? [step(`set server ${id} state ready`)] : []),
  ];
}

/**
 * Takes out the servers that a slot should not have. One with requests under way stays in maintenance, takes nothing
 * new, and is deleted by a later pass.
 */
export function dropSteps(
  backends: readonly string[],
  desired: readonly SlotServer[],
  running: RunningServers,
): readonly Step[] {
  const wanted = new Set(desired.map(({ backend, name }) => `${backend}/${name}`));
  return backends.flatMap((backend) =>
    [...(running.get(backend) ?? [])].flatMap(([name, server]) => {
      const id = `${backend}/${name}`;
      if (wanted.has(id) || (server.maintenance && server.busy > 0)) return [];
      return [
        ...(server.maintenance ? [] : [step(`set server ${id} state maint`)]),
        step(
          `del server ${id}`,
          /^(Server deleted\.|Server still has connections attached to it, cannot remove it\.)$/,
        ),
      ];
    }),
  );
}

/** What makes the entry of `key` in a map as it should be; `undefined`: not there. */
export function entrySteps(
  directory: string,
  name: MapName,
  key: string,
  desired: string | undefined,
  running: MapEntries,
): readonly Step[] {
  const now = running.get(key);
  const file = mapPath(directory, name);
  if (now === desired) return [];
  const publishes = publishing.has(name) ? ({ publishes: true } as const) : {};
  if (desired === undefined) return [{ ...step(`del map ${file} ${key}`), ...publishes }];
  return [{ ...step(`${now === undefined ? "add" : "set"} map ${file} ${key} ${desired}`), ...publishes }];
}

const publishing: ReadonlySet<MapName> = new Set(["hosts", "redirects", "ports", "passthrough"]);

/** The maps that describe a slot, by its number or its `e` backend; what publishes names is not among them. */
export const slotMaps = [
  ...(["health", "vhosts", "answers", "greets"] as const).map((name) => {
    return { name, keyOf: (slot: number) => `e${slot}`, slotOf: (key: string) => Number(key.slice(1)) };
  }),
  ...(["options", "endpoints"] as const).map((name) => ({ name, keyOf: String, slotOf: Number })),
] as const;

/**
 * Runs of commands that are sent at once; HAProxy carries them out in their order. Names are led to servers only after all
 * that comes before was taken, and servers leave only after that.
 */
export function batches(steps: readonly Step[]): readonly (readonly Step[])[] {
  const runs: Step[][] = [];
  for (const one of steps) {
    const last = runs.at(-1);
    if (last?.[0] !== undefined && last[0].publishes === one.publishes) last.push(one);
    else runs.push([one]);
  }
  return runs;
}
