import { questionSubject } from "@zcloud/bus";
import type { BucketName } from "@zcloud/events";
import { buckets, numbersSubject } from "@zcloud/events";
import type { HostEntry, Role } from "@zcloud/map";

/** Subjects a host may publish to and subscribe to; nothing else. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** It may answer what it hears, once each. */
  readonly answers?: true;
}

/**
 * What a role reads beside the map, the bucket in which it owns keys beside its status, whether it says its numbers here, whom it asks, and
 * who asks it.
 */
interface Part {
  readonly site: readonly BucketName[];
  readonly peer: readonly BucketName[];
  readonly owns: readonly BucketName[];
  readonly numbers?: true;
  readonly asks?: Role;
  readonly answers?: true;
}

const nothing: Part = { site: [], peer: [], owns: [] };
const parts: Readonly<Record<Exclude<Role, "znet" | "zcloud" | "witness">, Part>> = {
  // What it found out about endpoints it also reads back, should it ever lose its own copy.
  zfront: { site: ["endpoints", "intents", "uptime"], peer: ["endpoints"], owns: ["uptime"] },
  // znet may not ask it; it answers zpods' questions about volumes.
  zstore: { ...nothing, numbers: true, answers: true },
  // The site's endpoints say which host has a stack's local volumes already: it must not begin with empty ones elsewhere.
  zpod: { site: ["stacks", "endpoints"], peer: [], owns: ["endpoints"], asks: "zstore" },
  zmah: { site: ["stacks", "endpoints"], peer: [], owns: ["endpoints"] },
};

/**
 * Who may say what on the site's bus. znet administers it. Everybody else reads the map, writes its own status and
 * events, and has its part in the table above. A host owns the keys that begin with its name.
 */
export function permissionsOf(host: HostEntry): Permissions {
  const inbox = `_INBOX.${host.site}.${host.name}.>`;
  if (host.role === "znet") {
    // It asks the peer's JetStream whether there is something to mirror, and may ask it nothing else.
    const publish = ["$JS.API.>", "$JS.FC.>", "$KV.>", "zc.events.>", "$JS.*.API.STREAM.INFO.*"];
    return { publish, subscribe: [inbox, "zc.events.>", `zc.numbers.${host.site}.*`] };
  }
  const part = host.role === "zcloud" || host.role === "witness" ? nothing : parts[host.role];
  const owned: readonly BucketName[] = ["status", ...part.owns];
  const site: readonly BucketName[] = ["map", ...part.site];
  const streams = [...new Set([...owned, ...site])].map((bucket) => `KV_${bucket}`);
  const mirrors = part.peer.map((bucket) => `KV_peer_${bucket}`);
  return {
    publish: [
      ...owned.map((bucket) => `$KV.${ownKeys(bucket, host.name)}`),
      `zc.events.${host.site}.${host.name}.>`,
      ...(part.numbers === true ? [numbersSubject(host.id)] : []),
      ...(part.asks === undefined ? [] : [questionSubject(`${host.site}/${part.asks}`, host.id)]),
      ...owned
        .filter((bucket) => !site.includes(bucket))
        .map((bucket) => read(`KV_${bucket}`, ownKeys(bucket, host.name))),
      ...site.map((bucket) => read(`KV_${bucket}`, `${bucket}.>`)),
      ...part.peer.flatMap((bucket) => [
        read(`KV_peer_${bucket}`, `${bucket}.>`),
        `$JS.API.STREAM.INFO.KV_peer_${bucket}`,
      ]),
      ...[...streams, ...mirrors].map((stream) => `$JS.FC.${stream}.>`),
    ],
    subscribe: [inbox, ...(part.answers === true ? [questionSubject(host.id, "*")] : [])],
    ...(part.answers === true ? { answers: true } : {}),
  };
}

/** Hosts that have no service have no key and no user. */
export function usesBus(host: HostEntry): boolean {
  return host.role !== "zcloud";
}

/** The request that makes a consumer names stream and filter in its subject, so that reading can be narrowed to keys. */
function read(stream: string, filter: string): string {
  return `$JS.API.CONSUMER.CREATE.${stream}.*.$KV.${filter}`;
}

function ownKeys(bucket: BucketName, name: string): string {
  return buckets[bucket].tokens === 1 ? `${bucket}.${name}` : `${bucket}.${name}.>`;
}
