import type { Intent } from "@zcloud/events";
import { wishesOf } from "./intents.ts";
import { nowhere, optionFields, routeModes } from "./maps.ts";
import type { ObservedFront } from "./plan.ts";
import { endpointLabel, isStream, keyOfService, type Route } from "./routes.ts";

/** What has come of an intent at this front. */
export interface IntentView extends Pick<Intent, "kind" | "subject" | "reason" | "actor" | "at"> {
  /** HAProxy does as it says. */
  readonly done: boolean;
  /** Endpoints that it concerns here, `garden/wiki:web`. */
  readonly endpoints: readonly string[];
  /** Of a drain: those that it leaves as they are, because nobody else has them. */
  readonly kept: readonly string[];
  /** Requests that drained servers still have. */
  readonly underWay: number;
}

/** Every intent with what HAProxy has made of it. */
export function intentViews(
  intents: readonly Intent[],
  routes: readonly Route[],
  sites: readonly string[],
  { running, slots }: Pick<ObservedFront, "running" | "slots">,
): readonly IntentView[] {
  return intents.map((intent): IntentView => {
    const { kind, subject, reason, actor, at } = intent;
    const said = { kind, subject, reason, actor, at };
    const { drains, maintains } = wishesOf([intent], sites);
    if (kind === "maintenance") {
      const own = routes.filter(({ key }) => maintains(keyOfService(key)) !== undefined);
      const mode = (key: string): string | undefined =>
        running?.maps.options.get(String(slots.taken[key]?.slot))?.split("|")[optionFields.indexOf("mode")];
      const closed = ({ port, passthrough = [] }: Route): boolean =>
        port === undefined
          ? passthrough.every((name) => running?.maps.passthrough.get(name) === nowhere)
          : running?.maps.ports.get(String(port)) === nowhere;
      const done = own.every((route) => (isStream(route) ? closed(route) : mode(route.key) === routeModes.maintenance));
      return { ...said, done, endpoints: labels(own), kept: [], underWay: 0 };
    }
    const own = routes.filter(({ servers }) => servers.some(({ host, id }) => drains(host, id) !== undefined));
    const kept = own.filter(({ servers }) => !servers.some(({ drained }) => drained === true));
    const ids = own.flatMap(({ servers }) =>
      servers.flatMap(({ host, id, drained }) => (drained === true && drains(host, id) !== undefined ? [id] : [])),
    );
    // Also in a slot that the route has left: what it began there, it ends there.
    const left = [...(running?.servers.values() ?? [])].flatMap((group) => ids.map((id) => group.get(id)));
    const found = left.filter((server) => server !== undefined);
    const done = running !== undefined && found.every(({ maintenance }) => maintenance);
    const underWay = found.reduce((sum, { busy }) => sum + busy, 0);
    return { ...said, done, endpoints: labels(own), kept: labels(kept), underWay };
  });
}

function labels(routes: readonly Route[]): readonly string[] {
  return [...new Set(routes.map(({ key }) => endpointLabel(key)))].sort();
}
