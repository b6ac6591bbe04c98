import type * as z from "zod";
import { Endpoint, Intent, SignedMap, StackEntry, Status, Uptime } from "./schemas.ts";

const MiB = 1024 * 1024;

/**
 * The key-value buckets of a site. Each site owns its own and mirrors the peer's read-only.
 * `ttl`: milliseconds. `tokens`: parts of a key. `maxBytes`: of the whole bucket, `maxValue`: of one value.
 */
export const buckets = {
  map: { schema: SignedMap, history: 5, ttl: 0, mirrored: false, tokens: 1, maxBytes: 32 * MiB, maxValue: 1 * MiB },
  stacks: {
    schema: StackEntry,
    history: 10,
    ttl: 0,
    mirrored: true,
    tokens: 2,
    maxBytes: 256 * MiB,
    maxValue: 768 * 1024,
  },
  endpoints: {
    schema: Endpoint,
    history: 1,
    ttl: 0,
    mirrored: true,
    tokens: 4,
    maxBytes: 32 * MiB,
    maxValue: 64 * 1024,
  },
  status: {
    schema: Status,
    history: 1,
    ttl: 30_000,
    mirrored: true,
    tokens: 1,
    maxBytes: 16 * MiB,
    maxValue: 256 * 1024,
  },
  // Not mirrored: each site keeps all of them, so a cut, or the loss of a site, never changes what the other one does.
  intents: {
    schema: Intent,
    history: 1,
    ttl: 0,
    mirrored: false,
    tokens: 2,
    maxBytes: 8 * MiB,
    maxValue: 4 * 1024,
  },
  uptime: {
    schema: Uptime,
    history: 1,
    ttl: 0,
    mirrored: false,
    tokens: 5,
    maxBytes: 128 * MiB,
    maxValue: 32 * 1024,
  },
} as const;

/** Every bucket, in the order of the table. */
export const bucketNames = Object.keys(buckets) as readonly BucketName[];

export type BucketName = keyof typeof buckets;
export type BucketValue<B extends BucketName> = z.infer<(typeof buckets)[B]["schema"]>;

/** Stream of events, one a site; 90 days or 256 MiB, whichever is less. */
export const eventStream = {
  name: "events",
  subjects: ["zc.events.>"],
  maxAge: 90 * 86_400_000,
  maxBytes: 256 * 1024 * 1024,
} as const;

/** Subject of an event: `zc.events.north.zpod1.endpoint-up`. */
export function eventSubject(host: string, kind: string): string {
  return `zc.events.${host.replace("/", ".")}.${kind}`;
}

/** The key under which a value belongs; one that stands elsewhere is not believed. */
export function keyOf<B extends BucketName>(bucket: B, value: BucketValue<B>): string;
export function keyOf(bucket: BucketName, value: BucketValue<BucketName>): string {
  if (bucket === "map") return "current";
  if (bucket === "intents") {
    const { kind, subject } = value as Intent;
    return `${kind}.${subject.replace(":", "=")}`;
  }
  const parts = value as { host?: string; tenant?: string; project?: string; service?: string };
  const host = (parts.host ?? "").replace(/^.*\//, "");
  if (bucket === "status") return host;
  const stack = `${parts.tenant}.${parts.project}`;
  if (bucket === "stacks") return stack;
  const service = `${host}.${stack}.${parts.service}`;
  if (bucket !== "uptime") return service;
  const { door, port } = value as Uptime;
  return `${service}.${door}${port === undefined ? "" : `=${port}`}`;
}
