import { apply } from "./commands/apply.ts";
import { certificates } from "./commands/certificates.ts";
import { check } from "./commands/check.ts";
import { completionOf } from "./commands/completion.ts";
import { deploy } from "./commands/deploy.ts";
import { drain, maintenance, undrain } from "./commands/drain.ts";
import { events } from "./commands/events.ts";
import { logs } from "./commands/logs.ts";
import { pki } from "./commands/pki.ts";
import { plan } from "./commands/plan.ts";
import { remove } from "./commands/remove.ts";
import { routes } from "./commands/routes.ts";
import { ssh } from "./commands/ssh.ts";
import { status } from "./commands/status.ts";
import { token } from "./commands/token.ts";
import { trust } from "./commands/trust.ts";
import { uptime } from "./commands/uptime.ts";
import { volumes } from "./commands/volumes.ts";
import type { CommandSpec } from "./spec.ts";

/** All commands, in the order in which an operator meets them. */
export const commands: readonly CommandSpec[] = [
  ...[
    check,
    trust,
    pki,
    plan,
    apply,
    deploy,
    remove,
    status,
    routes,
    drain,
    undrain,
    maintenance,
    certificates,
    uptime,
    volumes,
    events,
    logs,
    token,
    ssh,
  ],
  completionOf(() => commands),
];
