import type { Endpoint, Event } from "@zcloud/events";
import type { Container } from "./containers.ts";

/** What people are told about, without what the frame adds. */
export type Happening = Pick<Event, "kind" | "level" | "subject" | "reason">;

const byId = (containers: readonly Container[]): ReadonlyMap<string, Container> =>
  new Map(containers.map((one) => [one.id, one]));
const stackOf = ({ tenant, project }: Container): string => `${tenant}/${project}`;

/**
 * Containers that died between two listings, also those which podman has started again since.
 * @param busy stacks that are being changed: their containers end on purpose
 */
export function deaths(
  before: readonly Container[],
  after: readonly Container[],
  busy: ReadonlySet<string>,
): readonly Happening[] {
  const now = byId(after);
  return before.flatMap((old): readonly Happening[] => {
    const one = now.get(old.id);
    if (one === undefined || old.state !== "running" || busy.has(stackOf(old))) return [];
    const died = { kind: "container-died", subject: stackOf(one) } as const;
    if (one.restarts > old.restarts)
      return [
        {
          ...died,
          level: "warning",
          reason: `${one.name} died; podman started it again (${one.restarts} times so far)`,
        },
      ];
    if (one.state === "exited" || one.state === "stopped") {
      const level = one.exitCode === 0 ? "info" : "error";
      return [
        {
          ...died,
          level,
          reason:
            one.exitCode === 0
              ? `${one.name} ended`
              : `${one.name} ended with exit code ${one.exitCode}${one.exitCode === 137 ? " (killed, perhaps for its memory)" : ""}`,
        },
      ];
    }
    return [];
  });
}

/**
 * Endpoints that got their first healthy server, and that lost their last.
 * @param busy stacks that are being changed: there it is expected for a moment
 */
export function endpointChanges(
  before: ReadonlyMap<string, Endpoint>,
  after: ReadonlyMap<string, Endpoint>,
  containers: readonly Container[],
  busy: ReadonlySet<string>,
): readonly Happening[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((key): readonly Happening[] => {
    const endpoint = after.get(key);
    const was = (before.get(key)?.servers.length ?? 0) > 0;
    const count = endpoint?.servers.length ?? 0;
    const shown = endpoint ?? before.get(key);
    if (was === count > 0 || shown === undefined) return [];
    const stack = `${shown.tenant}/${shown.project}`;
    const who = `${stack}:${shown.service}`;
    const subject = shown.names[0] ?? who;
    if (count > 0) return [{ kind: "endpoint-up", level: "info", subject, reason: `${who} has ${servers(count)}` }];
    const down = { kind: "endpoint-down", subject } as const;
    if (endpoint === undefined) return [{ ...down, level: "info", reason: `${who} was removed from this host` }];
    if (busy.has(stack)) return [{ ...down, level: "warning", reason: `${who}: its containers are being replaced` }];
    return [{ ...down, level: "error", reason: `${who}: ${whyDown(shown, containers)}` }];
  });
}

const servers = (count: number): string => (count === 1 ? "1 healthy server" : `${count} healthy servers`);

function whyDown({ tenant, project, service }: Endpoint, containers: readonly Container[]): string {
  const own = containers.filter((one) => one.tenant === tenant && one.project === project && one.service === service);
  if (own.length === 0) return "it has no container";
  return own
    .map(({ name, state, health }) => `${name} is ${state === "running" && health !== "none" ? health : state}`)
    .join(", ");
}
