import { html, pages } from "./pages.ts";
import type { FrontSettings } from "./settings.ts";

/** Who is counted together: an IPv4 address, or the /64 that a provider gives to one customer. */
export const client = "src,ipmask(32,64)";

/**
 * Tables of who asked how often. The process that a reload starts gets them from the one before it (`peers`), so a
 * reload forgives nobody. Each site counts for itself.
 */
export function counters({ listen }: FrontSettings): string[] {
  const table = (name: string, key: string, size: string, store: string): string[] => [
    `backend ${name} from base`,
    `    stick-table type ${key} size ${size} expire 60s store ${store} peers tables`,
    "",
  ];
  return [
    "# An old process hands its counters to the new one.",
    "peers tables",
    `    bind 127.0.0.1:${listen.tables}`,
    "    server front",
    "",
    ...table("count-clients", "ipv6", "200k", "http_req_rate(10s),conn_cur"),
    ...table("count-route-clients", "string len 56", "200k", "http_req_rate(10s)"),
    ...table("count-tenants", "string len 40", "10k", "http_req_rate(10s)"),
  ];
}

/** Of a frontend for the world: who has too many connections gets no more. Hosts of our own are not counted. */
export function connectionLimit({ limits, inside }: FrontSettings): string[] {
  return [
    `    acl inside src ${inside.join(" ")}`,
    `    tcp-request connection track-sc0 ${client} table count-clients unless inside`,
    `    tcp-request connection reject if { sc0_conn_cur gt ${limits.connectionsPerClient} }`,
  ];
}

const tooMany = (when: string): string =>
  `    http-request return status 429 ${html} hdr cache-control no-store hdr retry-after 10 string '${pages.tooMany}' if ${when}`;

export function clientLimit({ limits }: FrontSettings): string[] {
  return [tooMany(`{ sc0_http_req_rate gt ${limits.requestsPerClient} }`)];
}

/** Limits that a route or its tenant has; `txn.options` is there (see frontends.ts). */
export function routeLimits(field: (name: "rate" | "tenantRate" | "tenant") => string): string[] {
  const has = "{ var(txn.options) -m found }";
  return [
    `    http-request set-var(txn.rate) ${field("rate")} if ${has}`,
    `    http-request set-var(txn.tenantrate) ${field("tenantRate")} if ${has}`,
    `    http-request set-var-fmt(txn.client) "%[var(txn.slot)]/%[${client}]" if { var(txn.rate) -m int gt 0 }`,
    "    http-request track-sc1 var(txn.client) table count-route-clients if { var(txn.rate) -m int gt 0 } !inside",
    `    http-request track-sc2 ${field("tenant")} table count-tenants if { var(txn.tenantrate) -m int gt 0 }`,
    tooMany("{ var(txn.rate) -m int gt 0 } { sc1_http_req_rate,sub(txn.rate) gt 0 }"),
    tooMany("{ var(txn.tenantrate) -m int gt 0 } { sc2_http_req_rate,sub(txn.tenantrate) gt 0 }"),
  ];
}
