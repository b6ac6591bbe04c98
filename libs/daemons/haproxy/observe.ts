import type { LoadedCertificates } from "./certificates.ts";
import { RuntimeApiError } from "./errors.ts";
import { type MapEntries, type MapName, mapNames, mapPath } from "./maps.ts";
import { parseBackends, parseCrtList, parseFingerprint, parseInfo, parseMap, parseServers } from "./parse.ts";
import type { RunningFront } from "./plan.ts";
import type { Runtime, Send } from "./runtime.ts";
import type { FrontPaths } from "./settings.ts";

/** Asks the running HAProxy for everything that the plan compares; undefined if none runs. */
export async function observeRunning(runtime: Runtime, paths: FrontPaths): Promise<RunningFront | undefined> {
  try {
    return await runtime.exclusive((send) => observeWith(send, paths));
  } catch (error) {
    if (error instanceof RuntimeApiError && error.code === "RUNTIME_UNREACHABLE") return undefined;
    throw error;
  }
}

async function observeWith(send: Send, paths: FrontPaths): Promise<RunningFront> {
  const info = parseInfo(await send("show info"));
  const foreign = {
    pid: Number(info.get("Pid")),
    uptime: Number(info.get("Uptime_sec")),
    description: info.get("description") ?? "",
  };
  const nothing: LoadedCertificates = { list: [], fingerprints: new Map() };
  const noMaps = { hosts: new Map(), health: new Map(), vhosts: new Map(), answers: new Map() };
  // A configuration that is not ours (Debian's sample) has none of our maps.
  if (!foreign.description.startsWith("zcloud-")) {
    return { ...foreign, backends: new Set(), servers: new Map(), maps: noMaps, certificates: nothing };
  }
  const backends = parseBackends(await send("show backend"));
  const servers = parseServers(await send("show servers state"), await send("show stat -1 4 -1"));
  const maps: Record<MapName, MapEntries> = { ...noMaps };
  for (const name of mapNames) maps[name] = parseMap(await send(`show map ${mapPath(paths.maps, name)}`));
  return { ...foreign, backends, servers, maps, certificates: await loadedCertificates(send, paths) };
}

async function loadedCertificates(send: Send, paths: FrontPaths): Promise<LoadedCertificates> {
  const list = parseCrtList(await send(`show ssl crt-list ${paths.crtList}`));
  const stores = (await send("show ssl cert")).split("\n").filter((line) => line.startsWith(`${paths.certificates}/`));
  const fingerprints = new Map<string, string>();
  for (const path of stores) {
    // A store without certificate is what a broken-off installation leaves; it counts as another certificate.
    fingerprints.set(path, parseFingerprint(await send(`show ssl cert ${path}`)) ?? "");
  }
  return { list, fingerprints };
}
