import {
  findHost,
  type HostEntry,
  hostOf,
  type Keys,
  loadKeys,
  loadMap,
  type Problem,
  peerSite,
  type Site,
  siteOf,
  type ZMap,
} from "@zcloud/map";

/** A map as one host sees it: everything that `desired` functions are derived from. */
export interface MapView {
  /** From 1; 0 for a candidate that is only looked at. */
  readonly generation: number;
  readonly map: ZMap;
  readonly keys: Keys;
  /** This host's entry. */
  readonly self: HostEntry;
  /** This host's site. */
  readonly site: Site;
  /** The other site; undefined while there is one only. */
  readonly peer: Site | undefined;
}

export type MapViewResult =
  | { readonly ok: true; readonly view: MapView }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What `zcloud.yaml` and `zcloud.keys.json` say to the host `id`, or everything that is wrong with them. */
export function viewMap(generation: number, mapText: string, keysText: string, id: string): MapViewResult {
  const loaded = loadMap(mapText, "zcloud.yaml");
  const keys = loadKeys(keysText, "zcloud.keys.json");
  const problems = [...(loaded.ok ? [] : loaded.problems), ...(keys.ok ? [] : keys.problems)];
  if (!loaded.ok || !keys.ok) return { ok: false, problems };
  const { map } = loaded;
  if (findHost(map, id) === undefined) {
    const message = `this host is ${id}, which is not in this map; add it, or correct /etc/zcloud/host.json`;
    return { ok: false, problems: [{ file: "zcloud.yaml", line: 1, column: 1, path: "sites", message }] };
  }
  const self = hostOf(map, id);
  const view = { generation, map, keys: keys.keys, self, site: siteOf(map, self.site), peer: peerSite(map, self.site) };
  return { ok: true, view };
}
