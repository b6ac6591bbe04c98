import { ownDirectory, stackDirectory, stackOfUnit, stacksDirectory, unitName } from "@zcloud/daemons/stack";
import { HttpOptions, Passthrough, TcpPort } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import * as z from "zod";
import type { Deployed, UnitState } from "./plan.ts";

const Service = z.strictObject({
  name: z.string(),
  image: z.string(),
  endpoint: z
    .strictObject({
      names: z.array(z.string()),
      port: z.number(),
      health: z.string(),
      answersWithin: z.number().optional(),
      // A state that an older version wrote has none.
      http: HttpOptions.default({}),
      passthrough: Passthrough.optional(),
      tcp: z.array(TcpPort).optional(),
    })
    .optional(),
  replicas: z.number(),
  limits: z.strictObject({ memory: z.number(), cpus: z.number(), pids: z.number() }),
  restart: z.string(),
  files: z.array(z.string()),
  volumes: z.array(z.string()),
});

/** `.zcloud/state.json` beside a stack's compose.yaml: what is in force there. */
const State = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  project: z.string(),
  digest: z.string(),
  override: z.string(),
  at: z.string(),
  applied: z.boolean(),
  spec: z.strictObject({
    tenant: z.string(),
    project: z.string(),
    home: z.string().optional(),
    role: z.enum(["zpod", "zmah"]),
    services: z.array(Service),
    volumes: z.array(z.strictObject({ name: z.string(), size: z.number() })),
    checked: z.number(),
  }),
});

export const stateName = `${ownDirectory}/state.json`;
export const unitDirectory = "/etc/systemd/system";
/** What starts at boot: units say `WantedBy=multi-user.target`. */
export const wantedBy = `${unitDirectory}/multi-user.target.wants`;

export function stateText(deployed: Deployed): string {
  return `${JSON.stringify({ v: 1, ...deployed }, null, 2)}\n`;
}

/** The stack in a directory; undefined if there is none, or its state can't be read: it is then put in place anew. */
export async function readDeployed(host: Host, directory: string): Promise<Deployed | undefined> {
  const text = await host.read(`${directory}/${stateName}`);
  if (text === undefined) return undefined;
  const parsed = State.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { v: _, spec, ...rest } = parsed.data;
  const services = spec.services.map((one) => ({
    ...one,
    endpoint: one.endpoint === undefined ? undefined : { ...one.endpoint, answersWithin: one.endpoint.answersWithin },
  }));
  return { ...rest, spec: { ...spec, home: spec.home, services } };
}

/** Every stack on this host, by `tenant/project`. */
export async function listDeployed(host: Host): Promise<ReadonlyMap<string, Deployed>> {
  const found = new Map<string, Deployed>();
  for (const tenant of await host.list(stacksDirectory)) {
    for (const project of await host.list(`${stacksDirectory}/${tenant}`)) {
      if (project.startsWith(".")) continue;
      const deployed = await readDeployed(host, stackDirectory(tenant, project));
      if (deployed !== undefined && deployed.tenant === tenant && deployed.project === project)
        found.set(`${tenant}/${project}`, deployed);
    }
  }
  return found;
}

/** State and text of the units of these stacks. */
export async function listUnits(
  host: Host,
  deployed: Iterable<Deployed>,
): Promise<ReadonlyMap<string, { readonly state: UnitState; readonly text: string | undefined }>> {
  const { stdout } = await host.run(["systemctl", "show", "--property=Id,ActiveState", "zcloud-stack@*.service"], {
    timeout: 10_000,
  });
  const states = new Map<string, UnitState>();
  for (const block of stdout.split("\n\n")) {
    const id = /^Id=(.*)$/m.exec(block)?.[1];
    const stack = id === undefined ? undefined : stackOfUnit(id);
    if (stack !== undefined)
      states.set(`${stack.tenant}/${stack.project}`, unitState(/^ActiveState=(.*)$/m.exec(block)?.[1]));
  }
  const units = new Map<string, { readonly state: UnitState; readonly text: string | undefined }>();
  for (const { tenant, project } of deployed) {
    const key = `${tenant}/${project}`;
    units.set(key, {
      state: states.get(key) ?? "none",
      text: await host.read(`${unitDirectory}/${unitName(tenant, project)}`),
    });
  }
  return units;
}

function unitState(active: string | undefined): UnitState {
  if (active === "active" || active === "reloading") return "active";
  if (active === "activating" || active === "failed") return active;
  return "inactive";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
