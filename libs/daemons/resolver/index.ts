import type { HostEntry, ZMap } from "@zcloud/map";
import { type ResolverPlaces, resolverPlaces } from "./places.ts";
import type { ResolverDesired } from "./plan.ts";
import { renderHints, renderResolvConf, renderResolver, renderResolverUnit } from "./render.ts";

export { createResolver, type ResolverVerbs } from "./daemon.ts";
export { type ResolverPlaces, resolverPlaces } from "./places.ts";
export { createWorldResolver, desiredWorldResolver } from "./world-resolver.ts";

export function desiredResolver(map: ZMap, self: HostEntry, places: ResolverPlaces = resolverPlaces): ResolverDesired {
  const hints = renderHints(map);
  const mode = 0o644;
  return {
    config: renderResolver(map, self, places),
    files: new Map([
      ...(hints === undefined ? [] : [[places.hints, { content: hints, mode }] as const]),
      [places.unitFile, { content: renderResolverUnit(places), mode }],
    ]),
    resolvConf: renderResolvConf(map, self),
  };
}
