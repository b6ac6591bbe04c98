import { containerRole } from "@zcloud/daemons/podman";
import type { RoleDefinition } from "@zcloud/service";

/** zPod: podman, and the site's stacks that are placed on this host. */
export const zpod: RoleDefinition = { role: "zpod", start: containerRole };
