/** Where a host sees its own v1 cgroups, for the runtime wrapper that puts containers into them. */
export const limitsDirectory = "/opt/zcloud-lab/cgroup";
