import type { HttpOptions, Passthrough } from "@zcloud/events";
import { type Path, parseRate } from "@zcloud/map";
import { parseSpan, parseTime, type ServiceOptions, splitPlace, targetOf } from "./schema.ts";
import { bytesOf } from "./units.ts";

/** A service as the fronts need to know it. */
export interface EndpointSpec {
  /** All its host names, also those that are served below a path only or that only redirect; each once. */
  readonly names: readonly string[];
  /** In the container. */
  readonly port: number;
  readonly health: string;
  readonly answersWithin: number | undefined;
  readonly http: HttpOptions;
  /** It has the keys of its names itself. */
  readonly passthrough?: Passthrough | undefined;
}

/** Of options that the policy found no fault with. */
export function endpointSpec(options: ServiceOptions): EndpointSpec {
  const places = (options.names ?? []).flatMap((text) => splitPlace(text) ?? []);
  const roots = new Set(places.flatMap(({ host, path }) => (path === "" ? [host] : [])));
  const redirects = Object.entries(options.redirects ?? {}).map(([name, target]) => [name, targetOf(target) ?? ""]);
  return {
    names: [...new Set([...places.map(({ host }) => host), ...Object.keys(options.redirects ?? {})])],
    port: options.port,
    health: options.health ?? "/",
    answersWithin: options.answers_within === undefined ? undefined : parseTime(options.answers_within),
    http: given({
      at: listed(places.flatMap(({ host, path }) => (path === "" || roots.has(host) ? [] : [`${host}${path}`]))),
      redirects: redirects.length === 0 ? undefined : (Object.fromEntries(redirects) as Record<string, string>),
      h2: options.protocol === "h2c" ? true : undefined,
      sticky: options.sticky === true ? true : undefined,
      compress: options.compress === true ? true : undefined,
      retry500: options.retry_on?.includes(500) ? true : undefined,
      timeout: options.timeout === undefined ? undefined : parseSpan(options.timeout),
      hsts: options.hsts === undefined ? undefined : (parseSpan(options.hsts) ?? 0) / 1000,
      maxBody: bytesOf(options.max_body),
      rate: options.rate === undefined ? undefined : parseRate(options.rate),
    }),
    ...(options.tls === undefined ? {} : { passthrough: { proxyProtocol: options.proxy_protocol === true } }),
  };
}

/** What leads to an endpoint. */
export interface PlaceSpec {
  /** A name, or a name with a path. */
  readonly place: string;
  /** Nobody else can have a part of this name. */
  readonly whole: boolean;
  /** Where it stands below `x-zcloud`. */
  readonly path: Path;
}

/** Names, names with a path, names that redirect. */
export function placesOf({ names, http, passthrough }: EndpointSpec): readonly PlaceSpec[] {
  const whole = passthrough !== undefined;
  const below = http.at ?? [];
  const redirects = http.redirects ?? {};
  const roots = names.filter((name) => !(name in redirects) && !below.some((place) => place.startsWith(`${name}/`)));
  return [
    ...[...roots, ...below].map((place) => ({ place, whole, path: ["names"] })),
    ...Object.keys(redirects).map((place) => ({ place, whole: false, path: ["redirects", place] })),
  ];
}

function listed(values: readonly string[]): string[] | undefined {
  return values.length === 0 ? undefined : [...new Set(values)];
}

function given(options: { readonly [K in keyof HttpOptions]: HttpOptions[K] | undefined }): HttpOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
