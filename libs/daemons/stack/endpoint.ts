import type { HttpOptions, Passthrough, TcpPort } from "@zcloud/events";
import { type Path, parseRate } from "@zcloud/map";
import { parseSpan, parseTime, type ServiceOptions, splitPlace, targetOf } from "./schema.ts";
import { bytesOf } from "./units.ts";

/** Ports of the container that are published for the fronts, each once. */
export function publishedPorts({ port, tcp = [] }: EndpointSpec): readonly number[] {
  return [...new Set([port, ...tcp.map((one) => one.port)])];
}

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
  /** Ports of the world that it asks for; without `port` below `x-zcloud`, `port` is the first of these. */
  readonly tcp?: readonly TcpPort[] | undefined;
}

/** Of options that the policy found no fault with. */
export function endpointSpec(options: ServiceOptions): EndpointSpec {
  const places = (options.names ?? []).flatMap((text) => splitPlace(text) ?? []);
  const roots = new Set(places.flatMap(({ host, path }) => (path === "" ? [host] : [])));
  const tcp = (options.tcp ?? []).map((one) => {
    const { greets } = one;
    const port = { public: one.public, port: one.port ?? one.public, proxyProtocol: one.proxy_protocol === true };
    return greets === undefined ? port : { ...port, greets };
  });
  const redirects = Object.entries(options.redirects ?? {}).map(([name, target]) => [name, targetOf(target) ?? ""]);
  return {
    names: [...new Set([...places.map(({ host }) => host), ...Object.keys(options.redirects ?? {})])],
    port: options.port ?? tcp[0]?.port ?? 0,
    health: options.health ?? "/",
    answersWithin: options.answers_within === undefined ? undefined : parseTime(options.answers_within),
    http: given({
      at: listed(places.flatMap(({ host, path }) => (path === "" || roots.has(host) ? [] : [`${host}${path}`]))),
      redirects: redirects.length === 0 ? undefined : (Object.fromEntries(redirects) as Record<string, string>),
      h2: options.protocol === "h2c" ? true : undefined,
      sticky: options.sticky === true ? true : undefined,
      compress: options.compress === true ? true : undefined,
      retry500: options.retry_on?.includes(500) ? true : undefined,
      realIp: options.real_ip === true ? true : undefined,
      timeout: options.timeout === undefined ? undefined : parseSpan(options.timeout),
      hsts: options.hsts === undefined ? undefined : (parseSpan(options.hsts) ?? 0) / 1000,
      maxBody: bytesOf(options.max_body),
      rate: options.rate === undefined ? undefined : parseRate(options.rate),
    }),
    ...(tcp.length === 0 ? {} : { tcp }),
    ...(options.tls === undefined ? {} : { passthrough: { proxyProtocol: options.proxy_protocol === true } }),
  };
}

/** What leads to an endpoint. */
export interface PlaceSpec {
  /** A name, a name with a path, or `port 25`. */
  readonly place: string;
  readonly kind: "name" | "port";
  /** Nobody else can have a part of this name. */
  readonly whole: boolean;
  /** Where it stands below `x-zcloud`. */
  readonly path: Path;
}

/** Names, names with a path, names that redirect, public ports. */
export function placesOf({ names, http, passthrough, tcp = [] }: EndpointSpec): readonly PlaceSpec[] {
  const whole = passthrough !== undefined;
  const below = http.at ?? [];
  const redirects = http.redirects ?? {};
  const roots = names.filter((name) => !(name in redirects) && !below.some((place) => place.startsWith(`${name}/`)));
  return [
    ...[...roots, ...below].map((place) => ({ place, kind: "name" as const, whole, path: ["names"] })),
    ...Object.keys(redirects).map((place) => {
      return { place, kind: "name" as const, whole: false, path: ["redirects", place] };
    }),
    ...tcp.map((one, index) => {
      return { place: `port ${one.public}`, kind: "port" as const, whole: true, path: ["tcp", index, "public"] };
    }),
  ];
}

function listed(values: readonly string[]): string[] | undefined {
  return values.length === 0 ? undefined : [...new Set(values)];
}

function given(options: { readonly [K in keyof HttpOptions]: HttpOptions[K] | undefined }): HttpOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
