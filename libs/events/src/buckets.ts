import type * as z from "zod";
import { Endpoint, SignedMap, Stack, Status } from "./schemas.ts";

/** The key-value buckets of a site. Each site owns its own and mirrors the peer's read-only. */
export const buckets = {
  map: { schema: SignedMap, history: 5, ttl: 0, mirrored: false },
  stacks: { schema: Stack, history: 10, ttl: 0, mirrored: true },
  endpoints: { schema: Endpoint, history: 1, ttl: 0, mirrored: true },
  status: { schema: Status, history: 1, ttl: 30_000, mirrored: true },
} as const;

export type BucketName = keyof typeof buckets;
export type BucketValue<B extends BucketName> = z.infer<(typeof buckets)[B]["schema"]>;

/** Stream of events, one a site; 90 days or 256 MiB, whichever is less. */
export const eventStream = { name: "events", subjects: ["zc.events.>"], maxAge: 90 * 86_400_000, maxBytes: 256 * 1024 * 1024 } as const;

/** Subject of an event: `zc.events.north.zpod1.endpoint-up`. */
export function eventSubject(host: string, kind: string): string {
  return `zc.events.${host.replace("/", ".")}.${kind}`;
}
