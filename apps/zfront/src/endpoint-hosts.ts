import type { Endpoint } from "@zcloud/events";

const keyOf = ({ tenant, project, service }: Endpoint): string => `${tenant}/${project}/${service}`;
const healthy = ({ servers }: Endpoint): number => servers.filter(({ state }) => state === "up").length;

/** `tenant/project/service` -> healthy servers by host, as one text: another text is another situation. */
export function serverCounts(endpoints: readonly Endpoint[]): ReadonlyMap<string, string> {
  const counts = new Map<string, string>();
  for (const endpoint of endpoints) {
    const key = keyOf(endpoint);
    counts.set(key, `${counts.get(key) ?? ""} ${endpoint.host}=${healthy(endpoint)}`);
  }
  return counts;
}

/** Whose servers should answer: `north/zpod1 has no healthy server; the servers of south/zpod1 do not answer`. */
export function whoShould(endpoints: readonly Endpoint[], key: string): string {
  const own = endpoints.filter((one) => keyOf(one) === key).sort((a, b) => (a.host < b.host ? -1 : 1));
  const names = (some: readonly Endpoint[]): string => some.map(({ host }) => host).join(" and ");
  const without = own.filter((one) => healthy(one) === 0);
  const silent = own.filter((one) => healthy(one) > 0);
  return [
    ...(without.length === 0 ? [] : [`${names(without)} ${without.length === 1 ? "has" : "have"} no healthy server`]),
    ...(silent.length === 0 ? [] : [`the servers of ${names(silent)} do not answer as they should`]),
  ].join("; ");
}
