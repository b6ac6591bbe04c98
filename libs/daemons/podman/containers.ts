import { labelOf } from "@zcloud/daemons/stack";
import * as z from "zod";

/** An item of GET /libpod/containers/json (podman 5.4), as far as we read it. */
const Listed = z.object({
  Id: z.string(),
  Names: z.array(z.string()),
  Labels: z.record(z.string(), z.string()).nullish(),
  State: z.string(),
  /** Of the healthcheck: `healthy`, `unhealthy`, `starting`, or empty without one. */
  Status: z.string().nullish(),
  ExitCode: z.number().nullish(),
  Restarts: z.number().nullish(),
  /** Seconds since the epoch. */
  StartedAt: z.number().nullish(),
  Ports: z
    .array(
      z.object({
        host_ip: z.string(),
        container_port: z.number(),
        host_port: z.number(),
        range: z.number().nullish(),
        protocol: z.string(),
      }),
    )
    .nullish(),
});
export const ContainerList = z.array(Listed).nullable();

/** A container of a tenant's stack. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly project: string;
  readonly service: string;
  /** `running`, `exited`, `paused`, ... */
  readonly state: string;
  readonly health: "healthy" | "unhealthy" | "starting" | "none";
  readonly exitCode: number;
  readonly restarts: number;
  /** Seconds since the epoch. */
  readonly startedAt: number;
  /** Where each port of the container is published: host's address and port, TCP only. */
  readonly published: ReadonlyMap<number, { readonly address: string; readonly port: number }>;
}

/** Stacks' containers of a listing, sorted by name; others are none of our business. */
export function containersOf(listed: z.infer<typeof ContainerList>): readonly Container[] {
  return (listed ?? []).flatMap(containerOf).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function containerOf(one: z.infer<typeof Listed>): readonly Container[] {
  const labels = one.Labels ?? {};
  const { [labelOf.tenant]: tenant, [labelOf.project]: project, [labelOf.service]: service } = labels;
  if (tenant === undefined || project === undefined || service === undefined) return [];
  const health =
    one.Status === "healthy" || one.Status === "unhealthy" || one.Status === "starting" ? one.Status : "none";
  const published = (one.Ports ?? [])
    .filter(({ protocol }) => protocol === "tcp")
    .flatMap(({ host_ip, host_port, container_port, range }) =>
      Array.from(
        { length: range ?? 1 },
        (_, offset) => [container_port + offset, { address: host_ip, port: host_port + offset }] as const,
      ),
    );
  return [
    {
      id: one.Id,
      name: one.Names[0] ?? one.Id.slice(0, 12),
      tenant,
      project,
      service,
      state: one.State,
      health,
      exitCode: one.ExitCode ?? 0,
      restarts: one.Restarts ?? 0,
      startedAt: one.StartedAt ?? 0,
      published: new Map(published),
    },
  ];
}

/** Whether it can be sent requests: running, and healthy if it can tell. */
export function isWell(container: Container): boolean {
  return container.state === "running" && (container.health === "healthy" || container.health === "none");
}
