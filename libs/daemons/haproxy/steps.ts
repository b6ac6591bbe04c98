import { type MapEntries, type MapName, mapPath } from "./maps.ts";
import type { RunningServer, RunningServers } from "./parse.ts";
import type { SlotServer } from "./servers.ts";

/** A command of the runtime API and what it answers when it worked. */
export interface Step {
  readonly command: string;
  readonly expect: RegExp;
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
  if (desired === undefined) return [step(`del map ${file} ${key}`)];
  return [step(`${now === undefined ? "add" : "set"} map ${file} ${key} ${desired}`)];
}

/** The maps that describe a slot, by its number or its `e` backend; what publishes names is not among them. */
export const slotMaps = [
  ...(["health", "vhosts", "answers", "greets"] as const).map((name) => {
    return { name, keyOf: (slot: number) => `e${slot}`, slotOf: (key: string) => Number(key.slice(1)) };
  }),
  ...(["options", "endpoints"] as const).map((name) => ({ name, keyOf: String, slotOf: Number })),
] as const;

/** Runs of commands of one kind: names are led to servers only after all of these were taken. */
export function batches(steps: readonly Step[]): readonly (readonly Step[])[] {
  const kindOf = ({ command }: Step): string => (command.split(" ")[1] === "map" ? "map" : "server");
  const runs: Step[][] = [];
  for (const one of steps) {
    const last = runs.at(-1);
    if (last?.[0] !== undefined && kindOf(last[0]) === kindOf(one)) last.push(one);
    else runs.push([one]);
  }
  return runs;
}
