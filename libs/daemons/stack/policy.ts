import * as checks from "./checks.ts";
import { envFile, mounts, stackFile } from "./paths.ts";
import { allow, check, each, keys, type Rule, type RuleTable, refuse } from "./rules.ts";

/**
 * What a tenant's compose file may say: every key that compose 2.26 knows, and what is done with it. The file is
 * checked as written and again as normalised by docker-compose. docs/reference/compose.md is generated from here.
 */

const off = (value: unknown): boolean => value === false || value === null;
const hostOnly = "takes part of the host into the container";
const limits = "write deploy.resources.limits instead";
const elsewhere = "reaches outside of the stack";
const outside = "reads other files than the stack's own";

const external = refuse("belongs to nobody, or to another stack", "declare it here without external", off);
const ownName: Rule = refuse(
  "could be the name of another stack's",
  "leave it out: the stack's name is put before it",
  checks.isOwnName,
);

const healthcheck = keys({
  test: allow,
  interval: allow,
  timeout: allow,
  retries: allow,
  start_period: allow,
  disable: allow,
  start_interval: refuse("is not known to podman", "remove it; use a short interval"),
});

const deploy = keys({
  replicas: check("0 to 20", checks.replicas),
  mode: refuse("is for swarms", "remove it", (value) => value === "replicated"),
  labels: check("not the system's own", checks.labels),
  resources: keys({
    limits: keys({
      memory: check("within the tenant's", checks.memory),
      cpus: check("within the tenant's", checks.cpus),
      pids: check("1 to 4096", checks.pids),
      devices: refuse(hostOnly, "remove it"),
    }),
    reservations: refuse("takes from other tenants", limits),
  }),
  restart_policy: refuse("is for swarms", "write restart: beside image: instead"),
  update_config: refuse("is for swarms", "remove it"),
  rollback_config: refuse("is for swarms", "remove it"),
  placement: refuse("is for swarms", "write x-zcloud: { home: SITE } at the top level instead"),
  endpoint_mode: refuse("is for swarms", "remove it"),
});

const service: RuleTable = {
  image: check("the name of an image", checks.image),
  command: allow,
  entrypoint: allow,
  environment: allow,
  env_file: check("beside compose.yaml", envFile),
  working_dir: allow,
  user: allow,
  group_add: check("not keep-groups", checks.groups),
  hostname: allow,
  domainname: allow,
  init: allow,
  tty: allow,
  stdin_open: allow,
  attach: allow,
  platform: allow,
  read_only: allow,
  tmpfs: allow,
  shm_size: allow,
  stop_signal: allow,
  stop_grace_period: allow,
  depends_on: allow,
  links: allow,
  expose: allow,
  dns: allow,
  dns_opt: allow,
  dns_search: allow,
  cap_drop: allow,
  extra_hosts: check("not host-gateway", checks.extraHosts),
  labels: check("not the system's own", checks.labels),
  healthcheck,
  deploy,
  scale: check("0 to 20", checks.replicas),
  restart: check('always (the default), unless-stopped, on-failure, "no"', checks.restart),
  pull_policy: check("missing (the default), never", checks.pullPolicy),
  mem_limit: check("within the tenant's", checks.memory),
  cpus: check("within the tenant's", checks.cpus),
  pids_limit: check("1 to 4096", checks.pids),
  ports: check("without a fixed port; the front leads to x-zcloud's port", checks.ports),
  networks: check("the stack's own; aliases", checks.serviceNetworks),
  network_mode: check("none", checks.networkMode),
  volumes: check("named volumes, tmpfs, the stack's own files read-only", mounts),
  configs: allow,
  secrets: allow,
  security_opt: check("no-new-privileges, which is always on", checks.securityOpt),
  "x-zcloud": check("how the front leads to it, see above", checks.serviceOptions),

  privileged: refuse("makes the container root of the host", "remove it", off),
  cap_add: refuse("gives rights over the host", "remove it", isEmpty),
  devices: refuse(hostOnly, "remove it", isEmpty),
  device_cgroup_rules: refuse(hostOnly, "remove it", isEmpty),
  gpus: refuse(hostOnly, "remove it"),
  pid: refuse("shows the processes of others", "remove it"),
  ipc: refuse("shares memory with others", "remove it", (value) => value === "private"),
  uts: refuse(hostOnly, "remove it"),
  userns_mode: refuse("is set by the host: each tenant has its own range of users", "remove it"),
  cgroup: refuse(hostOnly, "remove it"),
  cgroup_parent: refuse("is set by the host: each tenant has its own slice", "remove it"),
  runtime: refuse("is chosen by the host", "remove it"),
  isolation: refuse("is chosen by the host", "remove it"),
  sysctls: refuse("sets the kernel's parameters", "remove it", isEmpty),
  ulimits: refuse("is set by the host", "remove it", isEmpty),
  storage_opt: refuse("is set by the host", "remove it", isEmpty),
  oom_kill_disable: refuse("lets one container starve the host", "remove it", off),
  oom_score_adj: refuse("lets one container starve the host", "remove it"),
  blkio_config: refuse("takes from other tenants", "remove it"),
  cpu_count: refuse("is of Windows", limits),
  cpu_percent: refuse("is of Windows", limits),
  cpu_shares: refuse("takes from other tenants", limits),
  cpu_period: refuse("takes from other tenants", limits),
  cpu_quota: refuse("takes from other tenants", limits),
  cpu_rt_period: refuse("takes from other tenants", limits),
  cpu_rt_runtime: refuse("takes from other tenants", limits),
  cpuset: refuse("takes from other tenants", limits),
  mem_reservation: refuse("takes from other tenants", limits),
  mem_swappiness: refuse("is set by the host", limits),
  memswap_limit: refuse("is set by the host", limits),
  annotations: refuse("can change how podman runs the container", "write labels: instead"),
  container_name: refuse(
    "stops a second copy from starting beside the first",
    "remove it; the service's name is its name in the stack's network",
  ),
  external_links: refuse(elsewhere, "call other stacks by their public names"),
  volumes_from: refuse(elsewhere, "name a volume under volumes: and mount it in both services"),
  mac_address: refuse("may be taken at the other site", "remove it"),
  logging: refuse("goes round the system's log", "remove it; write to standard output"),
  build: refuse("needs a build machine, which a site is not", "build the image elsewhere and name it with image:"),
  develop: refuse("is for your own machine", "remove it"),
  extends: refuse(outside, "use a YAML anchor, or copy the service"),
  profiles: refuse("would never start: nothing chooses a profile here", "remove it", isEmpty),
  credential_spec: refuse("is of Windows", "remove it"),
};

const source = keys({
  file: check("beside compose.yaml", stackFile),
  content: allow,
  labels: check("not the system's own", checks.labels),
  name: ownName,
  external,
  environment: refuse("reads the host's environment", "write it to a file beside compose.yaml"),
  template_driver: refuse("is for swarms", "remove it"),
  driver: refuse("is for swarms", "remove it"),
  driver_opts: refuse("is for swarms", "remove it"),
});

export const composeRules: Rule = keys({
  name: check("the stack's own name", checks.isProjectName),
  version: allow,
  services: each(keys(service)),
  networks: each(
    keys({
      internal: allow,
      attachable: allow,
      labels: check("not the system's own", checks.labels),
      driver: refuse(hostOnly, "remove it", (value) => value === "bridge"),
      name: ownName,
      external,
      driver_opts: refuse("changes the host's network", "remove it", isEmpty),
      ipam: refuse("may clash with a network of the host", "remove it: a free range is chosen", isEmpty),
      enable_ipv6: refuse("is not offered yet", "remove it", off),
    }),
  ),
  volumes: each(
    keys({
      labels: check("not the system's own", checks.labels),
      "x-zcloud": check("size", checks.volumeOptions),
      driver: refuse("is chosen by the host", "remove it", (value) => value === "local"),
      driver_opts: refuse(
        "can mount any part of the host",
        "remove it: the volume's place is chosen by the host",
        isEmpty,
      ),
      name: ownName,
      external,
    }),
  ),
  configs: each(source),
  secrets: each(source),
  "x-zcloud": check("home: SITE, or placement: both; role", checks.stackOptions),
  include: refuse(outside, "copy what you need into compose.yaml", isEmpty),
});

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
