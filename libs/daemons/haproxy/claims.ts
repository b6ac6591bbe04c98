import type { Endpoint } from "@zcloud/events";
import { allowedName, placeKeys, tenantOf, type ZMap } from "@zcloud/map";
import { byText } from "./order.ts";

export interface RouteProblem {
  readonly key: string;
  readonly what: string;
  readonly remedy: string;
}

/** How people write an endpoint: `garden/wiki:web`. */
export function endpointLabel(key: string): string {
  const [tenant = "", project = "", service = ""] = key.split("/");
  return `${tenant}/${project}:${service}`;
}

/** RFC 952 and 1123 names with at least two labels; what is not one never reaches a configuration. */
const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** RFC 3986 path and query without what HAProxy's command line gives a meaning (`;`, space, quotes, backslash). */
const safePrefix = /^(\/[A-Za-z0-9\-._~]{1,100}){0,8}\/$/;
const safeTarget = /^https:\/\/[a-z0-9.-]{1,253}(\/[A-Za-z0-9\-._~]{1,100}){0,8}$/;

/** Who has what (libs/map, placeKeys). */
export interface Ledger {
  /** The key of the service that has it. */
  get(what: string): string | undefined;
  set(what: string, key: string): void;
}

/** A name, or a part of it, that an endpoint asks for. */
export interface Claim {
  readonly host: string;
  /** `wiki.example.net/` or `wiki.example.net/api/`. */
  readonly place: string;
  /** Where it redirects to. */
  readonly target: string | undefined;
  /** TLS for it is passed through: nobody else can have a part of the name. */
  readonly whole: boolean;
}

/** Sorted by place, each once. Of two hosts that say different things of one name, the first is believed. */
export function claimsOf(endpoints: readonly Endpoint[]): readonly Claim[] {
  const claims = new Map<string, Claim>();
  for (const { names, passthrough, http: { at = [], redirects = {} } = {} } of endpoints) {
    const whole = passthrough !== undefined;
    const below = new Set(at.map((place) => place.slice(0, place.indexOf("/"))));
    const roots = names.filter((name) => !below.has(name) && redirects[name] === undefined);
    for (const place of [...roots, ...at]) {
      const claim = { host: place.replace(/\/.*$/, ""), place: `${place}/`, target: undefined, whole };
      if (!claims.has(claim.place)) claims.set(claim.place, claim);
    }
    for (const [host, target] of Object.entries(redirects)) {
      if (!claims.has(`${host}/`)) claims.set(`${host}/`, { host, place: `${host}/`, target, whole: false });
    }
  }
  return [...claims.values()].sort((a, b) => byText(a.place, b.place));
}

/** Why a claim is not served; undefined: it is. `owner`: who has what already. */
export function refuse(
  map: ZMap,
  key: string,
  claim: Claim,
  owner: Pick<Ledger, "get">,
): Pick<RouteProblem, "what" | "remedy"> | undefined {
  const who = endpointLabel(key);
  const [tenantName = ""] = key.split("/");
  const { host: name, place, target, whole } = claim;
  const asked = place.slice(0, -1);
  if (name.startsWith("*.")) {
    return {
      what: `${who} asks for ${name}, and no certificate can be had for a wildcard: authorities prove names on port 80 of each`,
      remedy: "write each name in full, e.g. wiki.garden.example.net",
    };
  }
  if (!hostName.test(name) || !safePrefix.test(place.slice(name.length))) {
    return {
      what: `${who} asks for ${JSON.stringify(asked)}, which is not a host name, nor one with a path`,
      remedy: "write the full name, e.g. wiki.garden.example.net or wiki.garden.example.net/api",
    };
  }
  if (target !== undefined && !safeTarget.test(target)) {
    return {
      what: `${who} sends visitors of ${name} to ${JSON.stringify(target)}, which is not an https address`,
      remedy: "write a host name, with a path behind it if need be, in x-zcloud.redirects",
    };
  }
  const tenant = tenantOf(map, tenantName);
  if (tenant === undefined) {
    return {
      what: `${name} of ${who} is not served: there is no tenant ${tenantName} in the map`,
      remedy: `add tenants.${tenantName}, or remove the stack`,
    };
  }
  if (!allowedName(tenant, name)) {
    return {
      what: `${name} of ${who} is not served: the map does not give this name to ${tenantName}`,
      remedy: `add it to tenants.${tenantName}.names`,
    };
  }
  const holder = placeKeys(place, whole)
    .asked.map((asked) => owner.get(asked))
    .find((other) => other !== undefined);
  if (holder !== undefined) {
    return {
      what: `${asked} of ${who} is not served: ${endpointLabel(holder)} has this name`,
      remedy: "remove the name from one of the two",
    };
  }
  return undefined;
}
