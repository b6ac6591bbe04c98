import type { FileSet } from "@zcloud/reconcile";
import type { FrontPaths } from "./settings.ts";

export const dropInPath = "/etc/systemd/system/haproxy.service.d/zcloud.conf";

/**
 * Debian's haproxy.service with what a front needs: it starts at boot by itself, without our service and without the
 * bus, from what is on disk; if that is broken, from what HAProxy last found good; and it never gives up.
 */
export function unitFiles({ config, good }: FrontPaths): FileSet {
  const fallBack = `haproxy -c -f ${config} || { test -f ${good} && mv ${config} ${config}.refused && cp ${good} ${config}; }`;
  const content = [
    "# Written by zCloud's zfront service.",
    "[Unit]",
    "# The peer listener waits for its address this way, however long the network takes.",
    "StartLimitIntervalSec=0",
    "[Service]",
    "RestartSec=1",
    `ExecStartPre=/bin/sh -c '${fallBack}'`,
    "",
  ];
  return new Map([[dropInPath, { content: content.join("\n"), mode: 0o644 }]]);
}
