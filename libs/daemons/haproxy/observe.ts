import type { DiskCertificate, LoadedCertificates } from "./certificates.ts";
import { RuntimeApiError } from "./errors.ts";
import type { CertificateWatch } from "./loaded-certificates.ts";
import { type MapEntries, type MapName, mapNames, mapPath } from "./maps.ts";
import {
  mapReading,
  parseBusy,
  parseInfo,
  type Reading,
  type RunningServer,
  type RunningServers,
  type ServersRead,
  serverReading,
} from "./parse.ts";
import type { RunningFront } from "./plan.ts";
import type { Runtime, Send, Stream } from "./runtime.ts";
import type { FrontPaths } from "./settings.ts";

const none: LoadedCertificates = { list: new Map(), fingerprints: new Map() };
const noMaps = Object.fromEntries(mapNames.map((name) => [name, new Map()])) as unknown as Record<MapName, MapEntries>;

/** Looks at the running HAProxy again and again. */
export interface RunningWatch {
  /** Everything that the plan compares; undefined if none runs. What is as at the look before is the same object. */
  look(disk: readonly DiskCertificate[]): Promise<RunningFront | undefined>;
}

export function runningWatch(runtime: Runtime, paths: FrontPaths, certificates: CertificateWatch): RunningWatch {
  let before: Pick<RunningFront, "servers" | "maps"> = { servers: new Map(), maps: noMaps };

  async function look(send: Send, stream: Stream, disk: readonly DiskCertificate[]): Promise<RunningFront> {
    const info = parseInfo(await send("show info"));
    const uptime = Number(info.get("Uptime_sec"));
    const process = { pid: Number(info.get("Pid")), uptime, description: info.get("description") ?? "" };
    // A configuration that is not ours (Debian's sample) has none of our maps.
    if (!process.description.startsWith("zcloud-")) {
      return { ...process, servers: new Map(), maps: noMaps, certificates: none };
    }
    const read = async <T>(command: string, reading: Reading<T>): Promise<T> => {
      await stream(command, reading.read);
      return reading.end();
    };
    const servers = await withBusy(send, await read("show servers state", serverReading(before.servers)));
    const maps: Record<MapName, MapEntries> = { ...before.maps };
    for (const name of mapNames) {
      maps[name] = await read(`show map ${mapPath(paths.maps, name)}`, mapReading(before.maps[name]));
    }
    const sameMaps = mapNames.every((name) => maps[name] === before.maps[name]);
    before = { servers, maps: sameMaps ? before.maps : maps };
    const startedAt = Number(info.get("Start_time_sec")) * 1000;
    const loaded = await certificates.look({ send, stream }, { pid: process.pid, startedAt }, disk);
    return { ...process, ...before, certificates: loaded };
  }

  return {
    async look(disk) {
      try {
        return await runtime.exclusive((send, stream) => look(send, stream, disk));
      } catch (error) {
        if (error instanceof RuntimeApiError && error.code === "RUNTIME_UNREACHABLE") return undefined;
        throw error;
      }
    },
  };
}

/** Only servers that may be about to be deleted are asked for their requests; the answer for all is megabytes. */
async function withBusy(send: Send, { servers, resting }: ServersRead): Promise<RunningServers> {
  let result: Map<string, ReadonlyMap<string, RunningServer>> | undefined;
  for (const backend of resting) {
    const group = servers.get(backend) ?? new Map<string, RunningServer>();
    const busy = parseBusy(await send(`show stat ${backend} 4 -1`));
    const updated = new Map([...group].map(([name, server]) => [name, busyNow(server, busy.get(name) ?? 0)]));
    if ([...group].every(([name, server]) => updated.get(name) === server)) continue;
    result ??= new Map(servers);
    result.set(backend, updated);
  }
  return result ?? servers;
}

function busyNow(server: RunningServer, count: number): RunningServer {
  const busy = server.maintenance ? count : 0;
  return server.busy === busy ? server : { ...server, busy };
}
