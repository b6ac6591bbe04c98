import { composeName, ownDirectory, projectName } from "./stack.ts";

/** Where stacks live on a host. */
export const stacksDirectory = "/srv/stacks";

export function stackDirectory(tenant: string, project: string): string {
  return `${stacksDirectory}/${tenant}/${project}`;
}

/** The file that the unit runs: checked, merged with our override, nothing left to fill in. */
export function resolvedPath(tenant: string, project: string): string {
  return `${stackDirectory(tenant, project)}/${ownDirectory}/resolved.yaml`;
}

/** `zcloud-stack@garden-wiki.service`; a `-` within a name is escaped as systemd-escape does, so the two never mix. */
export function unitName(tenant: string, project: string): string {
  const escaped = (label: string): string => label.replaceAll("-", "\\x2d");
  return `zcloud-stack@${escaped(tenant)}-${escaped(project)}.service`;
}

/** Tenant and project of a unit's name; undefined if it isn't a stack's. */
export function stackOfUnit(unit: string): { readonly tenant: string; readonly project: string } | undefined {
  const [, tenant, project] = /^zcloud-stack@([^-]+)-([^-]+)\.service$/.exec(unit) ?? [];
  if (tenant === undefined || project === undefined) return undefined;
  return { tenant: tenant.replaceAll("\\x2d", "-"), project: project.replaceAll("\\x2d", "-") };
}

export const compose = "/usr/libexec/docker/cli-plugins/docker-compose";

/**
 * The unit of one stack. It needs neither our agent nor the bus: after a reboot the containers come back by it alone.
 * `reload` brings running containers up to date and touches those only that changed; `stop` keeps them, so that they
 * start again with the ports that they had.
 * @param mounts units of its volumes: it starts after them, stops before them, and starts again with them
 */
export function renderUnit(tenant: string, project: string, mounts: readonly string[] = []): string {
  const file = resolvedPath(tenant, project);
  const run = `${compose} --ansi never --progress quiet -p ${projectName(tenant, project)} -f ${file}`;
  const up = `${run} up -d --wait --wait-timeout 60 --pull never --remove-orphans`;
  return `# Rendered by zcloud from ${stackDirectory(tenant, project)}/${composeName}.
[Unit]
Description=Stack ${tenant}/${project}
Requires=${["podman.socket", ...mounts].join(" ")}
After=${["podman.socket network-online.target nftables.service", ...mounts].join(" ")}
Wants=network-online.target
ConditionPathExists=${file}
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
Environment=DOCKER_HOST=unix:///run/podman/podman.sock DOCKER_CONFIG=/nonexistent
WorkingDirectory=/
ExecStart=${up}
ExecReload=${up}
ExecStop=${run} stop
Restart=on-failure
RestartSec=15
TimeoutStartSec=120
TimeoutStopSec=60
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
CapabilityBoundingSet=CAP_DAC_OVERRIDE

[Install]
WantedBy=multi-user.target
`;
}
