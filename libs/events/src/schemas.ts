import * as z from "zod";

/** `tenant`, `project`, `service` and host parts: what is safe in file names, NATS subjects, container names. */
export const Label = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, "1 to 40 of a-z, 0-9 and -, not at the ends");
export const HostId = z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, "site/host, e.g. north/zpod1");

const Port = z.int().min(1).max(65535);

/** One address that answers for an endpoint. */
export const Server = z.strictObject({
  /** Stable while the container lives; HAProxy's server is named after it. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  address: z.ipv4(),
  port: Port,
  /** Port in the container -> where it answers at this address, for those that `tcp` of its endpoint names. */
  ports: z.record(z.string().regex(/^\d{1,5}$/), Port).optional(),
  /** `draining` takes no new requests and finishes those it has. */
  state: z.enum(["up", "draining"]),
});
export type Server = z.infer<typeof Server>;

/** How the front treats the requests of an endpoint; what is left out is as for everybody. */
export const HttpOptions = z.strictObject({
  /** Names that are served below a path only: `wiki.example.net/api`, without `/` at the end. */
  at: z.array(z.string()).optional(),
  /** Name -> where its visitors are sent: `https://wiki.example.net`, without `/` at the end; their path comes behind it. */
  redirects: z.record(z.string(), z.string()).optional(),
  /** The servers speak HTTP/2 without TLS (gRPC). */
  h2: z.literal(true).optional(),
  /** A visitor stays with the server that answered first, while that one is well. */
  sticky: z.literal(true).optional(),
  /** Text is compressed on its way to the visitor. */
  compress: z.literal(true).optional(),
  /** A GET that is answered 500 is asked again elsewhere. */
  retry500: z.literal(true).optional(),
  /** Requests say who asks in `x-real-ip` and for which name in `x-forwarded-host` too. */
  realIp: z.literal(true).optional(),
  /** Milliseconds that an answer may keep silent, where it is not the usual minute. */
  timeout: z.int().min(1_000).max(3_600_000).optional(),
  /** Seconds for which browsers shall use https only (RFC 6797). */
  hsts: z.int().min(0).max(63_072_000).optional(),
  /** Bytes of a request's body, where it says so beforehand. */
  maxBody: z.int().min(1).optional(),
  /** Requests of one client in ten seconds. */
  rate: z.int().min(1).max(1_000_000).optional(),
});
export type HttpOptions = z.infer<typeof HttpOptions>;

/** A port of the world that a service asks for. `port`: in its container. `greets`: what it says first. */
export const TcpPort = z.strictObject({
  public: Port,
  port: Port,
  proxyProtocol: z.boolean(),
  greets: z
    .string()
    .regex(/^[!-~][ -~]{0,31}$/)
    .optional(),
});
export type TcpPort = z.infer<typeof TcpPort>;

/** `proxyProtocol`: the servers are told a connection's addresses by the PROXY protocol, version 2. */
export const Passthrough = z.strictObject({ proxyProtocol: z.boolean() });
export type Passthrough = z.infer<typeof Passthrough>;

/** What one host serves of one service of one stack. Bucket `endpoints`, key `<host>.<tenant>.<project>.<service>`, written by that host. */
export const Endpoint = z.strictObject({
  v: z.literal(1),
  host: HostId,
  tenant: Label,
  project: Label,
  service: Label,
  /** All its public host names, lower case, also those that only redirect. May be empty for a TCP service that only the map names. */
  names: z.array(z.string()),
  /** Path that answers 2xx or 3xx when the service is well. */
  health: z.string().startsWith("/"),
  /** Milliseconds after which a GET without an answer is given to another server; undefined: never, wait 60 s. */
  answersWithin: z.int().min(200).max(60_000).optional(),
  http: HttpOptions.optional(),
  /** Its servers have the keys of its names: connections are led to them by their names, unopened. */
  passthrough: Passthrough.optional(),
  /** Ports of the world that it asks for itself, besides those that the map gives it. */
  tcp: z.array(TcpPort).max(50).optional(),
  /** Healthy servers only; an endpoint that is known but has none keeps its name and an empty list. */
  servers: z.array(Server),
});
export type Endpoint = z.infer<typeof Endpoint>;

/** A compose project as it was sent. Bucket `stacks`, key `<tenant>.<project>`, written by operators. */
export const Stack = z.strictObject({
  v: z.literal(1),
  tenant: Label,
  project: Label,
  /** Relative path -> text; has `compose.yaml`. At most 512 KiB in all. */
  files: z.record(z.string(), z.string()),
  /** SHA-256 of the canonical files, hex. */
  digest: z.string(),
  /** RFC 3339. Sent again, also with the same files, it is another: then what failed is tried again. */
  deployedAt: z.iso.datetime(),
  /** RFC 3339; when it was first sent. Of two that clash, the older keeps what it has. As `deployedAt` if absent. */
  since: z.iso.datetime().optional(),
  actor: z.string(),
  removed: z.undefined().optional(),
});
export type Stack = z.infer<typeof Stack>;

/**
 * A compose project that an operator took away, in the place of the project itself. Only this word ends what runs: a
 * key that is missing, or a value that can't be read, never does.
 */
export const RemovedStack = z.strictObject({
  v: z.literal(1),
  tenant: Label,
  project: Label,
  removed: z.literal(true),
  /** RFC 3339. */
  removedAt: z.iso.datetime(),
  actor: z.string(),
});
export type RemovedStack = z.infer<typeof RemovedStack>;

/** Value of the bucket `stacks`. */
export const StackEntry = z.discriminatedUnion("removed", [Stack, RemovedStack]);
export type StackEntry = z.infer<typeof StackEntry>;

/** The map as it travels: the operator's text, the public keys, the generation, and a signature over all three. Bucket `map`, key `current`. */
export const SignedMap = z.strictObject({
  v: z.literal(1),
  generation: z.int().min(1),
  /** zcloud.yaml, verbatim. */
  map: z.string(),
  /** zcloud.keys.json, verbatim. */
  keys: z.string(),
  signer: z.string(),
  /** Armored SSHSIG (ssh-keygen -Y sign, namespace zcloud-map) over signedText(). */
  signature: z.string(),
});
export type SignedMap = z.infer<typeof SignedMap>;

/**
 * A host in one word. starting: it has not yet done everything once. ready: all is as it should be. degraded: it does its
 * work, and something is not as it should be. failing: something that its work needs does not succeed.
 */
export const HostState = z.enum(["starting", "ready", "degraded", "failing"]);
export type HostState = z.infer<typeof HostState>;

/** How a host is. Bucket `status`, key `<host name>`, TTL 30 s, written by that host. */
export const Status = z.strictObject({
  v: z.literal(1),
  host: HostId,
  role: z.string(),
  version: z.string(),
  generation: z.int().min(0),
  /** It does its work: `ready` or `degraded`. */
  ready: z.boolean(),
  state: HostState,
  /** What is not as it should be, worst first; what it means for users and what helps. */
  problems: z.array(z.strictObject({ what: z.string(), remedy: z.string().optional() })),
  /** Role-specific facts for `zctl status` and `zctl routes`. */
  facts: z.record(z.string(), z.unknown()),
  /** RFC 3339. */
  at: z.iso.datetime(),
});
export type Status = z.infer<typeof Status>;

/** One day (UTC) of an endpoint at a door: probes, and seconds that it was down, or that nobody looked. */
const UptimeDay = z.strictObject({
  day: z.iso.date(),
  ok: z.int().min(0),
  failed: z.int().min(0),
  down: z.int().min(0),
  unwatched: z.int().min(0),
});
const Outage = z.strictObject({
  /** RFC 3339; of the first probe that failed, and of the first that succeeded again. Without `to` it lasts. */
  from: z.iso.datetime(),
  to: z.iso.datetime().optional(),
  reason: z.string().max(300),
});

/**
 * How an endpoint was to be reached through one front door, as one site's front saw it. Bucket `uptime`, key
 * `<host>.<tenant>.<project>.<service>.<door>`, of a TCP service with `=<port>` behind it, written by that host.
 */
export const Uptime = z.strictObject({
  v: z.literal(1),
  host: HostId,
  tenant: Label,
  project: Label,
  service: Label,
  /** Site whose front door it is. */
  door: Label,
  /** Public port of a TCP service. */
  port: Port.optional(),
  /** RFC 3339; when probing began, and until when all is accounted for. */
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  /** The last one, and of the 90 days before it those that were not perfect; oldest first. */
  days: z.array(UptimeDay).max(91),
  /** The latest, oldest first. */
  outages: z.array(Outage).max(30),
});
export type Uptime = z.infer<typeof Uptime>;

const intended = {
  v: z.literal(1),
  /** What an operator gave as reason; may be empty. */
  reason: z.string().max(200),
  actor: z.string().min(1).max(100),
  /** RFC 3339. */
  at: z.iso.datetime(),
};
/** Servers that shall get no new requests: of a site (`north`), of a host (`north/zpod1`), or those whose id begins so. */
const Drain = z.strictObject({
  ...intended,
  kind: z.literal("drain"),
  subject: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}(\/[a-z0-9-]{1,62})?$/, "a site, site/host, or a server's id"),
});
/** A stack (`garden/wiki`) or one service of it (`garden/wiki:web`) whose visitors shall read that it is being worked on. */
const Maintenance = z.strictObject({
  ...intended,
  kind: z.literal("maintenance"),
  subject: z
    .string()
    .regex(/^[a-z0-9-]{1,40}\/[a-z0-9-]{1,40}(:[a-z0-9-]{1,40})?$/, "tenant/project or tenant/project:service"),
});
/** What an operator wants of the traffic until it is taken back. Bucket `intents`, key `<kind>.<subject>`, `=` for `:`. */
export const Intent = z.discriminatedUnion("kind", [Drain, Maintenance]);
export type Intent = z.infer<typeof Intent>;

/** Something that happened. Stream `events`, subject `zc.events.<site>.<host name>.<kind>`. */
export const Event = z.strictObject({
  v: z.literal(1),
  at: z.iso.datetime(),
  host: HostId,
  /** `endpoint-up`, `endpoint-down`, `certificate-installed`, `stack-deployed`, `stack-refused`, ... */
  kind: z.string().regex(/^[a-z][a-z0-9-]*$/),
  level: z.enum(["info", "warning", "error"]),
  /** What it happened to, as the user wrote it. */
  subject: z.string(),
  reason: z.string(),
  /** Who did it: an operator, or the host itself. */
  actor: z.string(),
});
export type Event = z.infer<typeof Event>;
