import { type Draft, entriesOf } from "../draft.ts";
import type { Finding } from "../findings.ts";
import { covers } from "../names.ts";
import { formatPath } from "../problems.ts";
import { claimsOf } from "./names.ts";

/** As whose endpoints the installation's own are known. */
export const ownTenant = "zcloud";

/** A token opens one tenant's lines: it must say whose. */
export function tokenTwice({ tenants }: Draft): Finding[] {
  const first = new Map<string, readonly (string | number)[]>();
  return entriesOf(tenants).flatMap(([tenant, { tokens }]) =>
    (tokens ?? []).flatMap((hash, index) => {
      const path = ["tenants", tenant, "tokens", index];
      const other = hash === undefined ? undefined : first.get(hash);
      if (hash !== undefined && other === undefined) first.set(hash, path);
      if (other === undefined) return [];
      return [
        { path, message: `this token is already ${formatPath(other)}; each opens one tenant's lines`, seeAlso: other },
      ];
    }),
  );
}

/** Else a tenant could serve the name, and be given the others' tokens. */
export function logNameApart(draft: Draft): Finding[] {
  const name = draft.log?.name;
  if (name === undefined) return [];
  const rival = claimsOf(draft).find((claim) => covers(claim.name, name));
  const own = entriesOf(draft.tenants).some(([tenant]) => tenant === ownTenant);
  return [
    ...(rival === undefined
      ? []
      : [
          {
            path: ["log", "name"],
            message: `${name} is ${rival.tenant}'s, by ${rival.name}; choose a name that no tenant has`,
            seeAlso: rival.path,
          },
        ]),
    ...(own
      ? [
          {
            path: ["tenants", ownTenant],
            message: `with log.name, ${ownTenant} means the installation itself; choose another name`,
          },
        ]
      : []),
  ];
}

export function tokensWithoutPlace({ log, tenants }: Draft): Finding[] {
  if (log?.name !== undefined) return [];
  const [tenant] = entriesOf(tenants).find(([, { tokens }]) => (tokens ?? []).length > 0) ?? [];
  if (tenant === undefined) return [];
  return [{ path: ["tenants", tenant, "tokens"], message: "tokens open nothing while there is no log.name" }];
}
