import type { Endpoint, Intent } from "@zcloud/events";

/** What operators want of the traffic, as routes ask it. */
export interface Wishes {
  /** Why this server shall get no new requests; undefined: it may. `id` as its host called it. */
  drains(host: string, id: string): Intent | undefined;
  /** Why visitors of this endpoint (`tenant/project/service`) shall read the maintenance page. */
  maintains(key: string): Intent | undefined;
}

/** Short words would drain whatever begins with them. */
const shortestId = 4;

/** @param sites names of the map's sites: what is neither a site nor a host is the beginning of a server's id */
export function wishesOf(intents: readonly Intent[], sites: readonly string[]): Wishes {
  const drains = new Map<string, Intent>();
  const servers: Intent[] = [];
  const maintenance = new Map<string, Intent>();
  for (const intent of intents) {
    const { kind, subject } = intent;
    if (kind === "maintenance") maintenance.set(subject.replace(":", "/"), intent);
    else if (subject.includes("/") || sites.includes(subject)) drains.set(subject, intent);
    else if (subject.length >= shortestId) servers.push(intent);
  }
  return {
    drains: (host, id) =>
      drains.get(host) ??
      drains.get(host.slice(0, host.indexOf("/"))) ??
      servers.find(({ subject }) => id.startsWith(subject)),
    maintains: (key) => maintenance.get(key) ?? maintenance.get(key.slice(0, key.lastIndexOf("/"))),
  };
}

/** Whether somebody there takes new requests: healthy, and not drained. */
export function takesNew(endpoints: readonly Endpoint[], { drains }: Pick<Wishes, "drains">): boolean {
  return endpoints.some(({ host, servers }) =>
    servers.some(({ id, state }) => state === "up" && drains(host, id) === undefined),
  );
}
