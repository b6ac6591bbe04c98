import { containerRole } from "@zcloud/daemons/podman";
import type { RoleDefinition } from "@zcloud/service";

/** zMah: as zPod, for stacks that say `role: zmah`: their volumes are directories of this host, and they replicate by themselves. */
export const zmah: RoleDefinition = { role: "zmah", start: containerRole };
