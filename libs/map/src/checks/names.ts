import { defaultNames, defaults } from "../defaults.ts";
import { type Draft, entriesOf, wasCut } from "../draft.ts";
import type { Finding } from "../findings.ts";
import { covers, isWithin } from "../names.ts";
import { formatPath, type Path } from "../problems.ts";

interface Claim {
  readonly tenant: string;
  readonly name: string;
  readonly path: Path;
  /** The tenant lists no names, so it has those under the domain. */
  readonly byDefault: boolean;
}

/** A public name belongs to one tenant; so does everything that a wildcard stands for. */
export function publicNameTwice(draft: Draft): Finding[] {
  const families = new Map<string, Claim[]>();
  return claimsOf(draft).flatMap((claim) => {
    // Names clash only with names, and wildcards, that have the same labels after the first.
    const family = claim.name.slice(claim.name.indexOf("."));
    const earlier = families.get(family) ?? [];
    const rival = earlier.find((other) => clash(other, claim));
    families.set(family, earlier);
    earlier.push(claim);
    return rival === undefined ? [] : [nameFinding(claim, rival)];
  });
}

function nameFinding({ tenant, name, path }: Claim, rival: Claim): Finding {
  const where = rival.byDefault ? `what ${formatPath(rival.path)} has by default` : formatPath(rival.path);
  const same = `${name} is already ${where}${rival.tenant === tenant ? "; remove one" : ""}`;
  const within = `${name} and ${rival.name}, ${where}, take the same names; each belongs to one tenant`;
  return { path, message: rival.name === name ? same : within, seeAlso: rival.path };
}

/** Within a tenant, a name under its own wildcard is no clash. */
function clash(a: Claim, b: Claim): boolean {
  return a.tenant === b.tenant ? a.name === b.name : covers(a.name, b.name) || covers(b.name, a.name);
}

/** Hosts' own names and public names are answered by different servers, so neither may stand inside the other's. */
export function internalDomainApart(draft: Draft): Finding[] {
  const internal = draft.internal_domain ?? defaults.internalDomain;
  const inside = claimsOf(draft)
    .filter(({ name, byDefault }) => !byDefault && isWithin(name.replace(/^\*\./, ""), internal))
    .map(
      ({ name, path }): Finding => ({
        path,
        message: `${name} is inside the internal domain ${internal}; choose a public name`,
      }),
    );
  const logName = draft.log?.name;
  if (logName !== undefined && isWithin(logName, internal))
    inside.push({
      path: ["log", "name"],
      message: `${logName} is inside the internal domain ${internal}; choose a public name`,
    });
  if (draft.domain === undefined || !isWithin(draft.domain, internal)) return inside;
  const path = draft.internal_domain === undefined ? ["domain"] : ["internal_domain"];
  return [
    ...inside,
    {
      path,
      message: `the domain ${draft.domain} is inside the internal domain ${internal}; make them two, e.g. ${defaults.internalDomain}`,
    },
  ];
}

/** Inside, `zpod1.north` is a host: a public name like that would answer with two addresses. */
export function hostNamesApart(draft: Draft): Finding[] {
  const sites = new Set(entriesOf(draft.sites).map(([site]) => site));
  return claimsOf(draft).flatMap(({ name, path, byDefault }) => {
    const site = name.slice(name.lastIndexOf(".") + 1);
    if (byDefault || !sites.has(site)) return [];
    return [{ path, message: `${name} is a name of hosts of ${site} inside; choose a public name` }];
  });
}

export function operatorsSound({ operators }: Draft): Finding[] {
  if (operators === undefined) return [];
  if (operators.length === 0)
    return [{ path: ["operators"], message: "there is no operator; somebody must log in and sign the map" }];
  return operators.flatMap((operator, index) =>
    (["name", "key"] as const).flatMap((field) => {
      const value = sameKey(operator?.[field]);
      const first = operators.findIndex((other) => value !== undefined && sameKey(other?.[field]) === value);
      if (first < 0 || first === index) return [];
      const other = ["operators", first, field];
      const what = field === "key" ? "this key" : value;
      return [
        {
          path: ["operators", index, field],
          message: `${what} is already ${formatPath(other)}; every operator has their own`,
          seeAlso: other,
        },
      ];
    }),
  );
}

/** A key without its comment. */
function sameKey(value: string | undefined): string | undefined {
  return value?.trim().split(/\s+/).slice(0, 2).join(" ");
}

/** Every public name of a tenant, and where it is said. */
export function claimsOf({ tenants, domain }: Draft): Claim[] {
  return entriesOf(tenants).flatMap(([tenant, entry]): Claim[] => {
    if (entry.names !== undefined) {
      return entry.names.flatMap((name, index) => {
        return name === undefined
          ? []
          : [{ tenant, name, path: ["tenants", tenant, "names", index], byDefault: false }];
      });
    }
    if (domain === undefined || wasCut(entry, "names")) return [];
    return defaultNames(tenant, domain).map((name) => ({ tenant, name, path: ["tenants", tenant], byDefault: true }));
  });
}
