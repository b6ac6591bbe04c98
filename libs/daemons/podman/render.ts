import { tenantSlice, userRanges } from "@zcloud/daemons/stack";
import type { Tenant } from "@zcloud/map";

export const containersConfPath = "/etc/containers/containers.conf.d/10-zcloud.conf";

/** podman's settings on a host that runs tenants' containers; see containers.conf(5). */
export function renderContainersConf(): string {
  return `# Rendered by zcloud. Local changes go to a file that sorts after this one.
[containers]
default_ulimits = ["nofile=65536:65536"]
log_driver = "journald"
pids_limit = 512

[engine]
events_logger = "journald"
`;
}

/** /etc/subuid or /etc/subgid with podman's pool for \`userns=auto\`, other users' lines kept. */
export function renderSubids(before: string): string {
  const others = before.split("\n").filter((line) => line !== "" && !line.startsWith("containers:"));
  return [...others, `containers:${userRanges.first}:${userRanges.size}`, ""].join("\n");
}

/** The slice of a tenant's containers: its envelope, enforced by the kernel over all of them together. */
export function renderSlice(tenant: Tenant): string {
  return `# Rendered by zcloud.
[Unit]
Description=Containers of tenant ${tenant.name}

[Slice]
MemoryMax=${tenant.memory}
MemorySwapMax=0
CPUQuota=${Math.round(tenant.cpus * 100)}%
TasksMax=8192
`;
}

export function slicePath(tenant: Tenant): string {
  return `/etc/systemd/system/${tenantSlice(tenant.name)}`;
}
