import { readFile } from "node:fs/promises";
import type { HostEntry } from "@zcloud/map";
import { limitControllers, unifiedControllers, v1Controllers } from "./cgroup.ts";
import type { ProvisionedFile } from "./provision.ts";
import { repository } from "./repository.ts";

/** Where a host sees its own v1 cgroups, for the runtime that puts containers into them. */
export const limitsDirectory = "/opt/zcloud-lab/cgroup";
const runtimePath = "/usr/local/lib/zcloud-lab/crun-with-limits";
/** A root file system with one program, to run in a container before there is any image. */
const probeRoot = "/var/lib/zcloud-lab/probe";

/** How containers' limits come about on this machine. */
export type Limits = "cgroup-v2" | "cgroup-v1" | "none";

export async function limitsHere(): Promise<Limits> {
  const unified = await unifiedControllers();
  if (limitControllers.every((name) => unified.includes(name))) return "cgroup-v2";
  const v1 = v1Controllers();
  return v1.has("memory") && v1.has("pids") ? "cgroup-v1" : "none";
}

/** What a host that runs containers needs besides the image. */
export async function containerFiles(host: HostEntry, limits: Limits): Promise<ReadonlyMap<string, ProvisionedFile>> {
  if (host.role !== "zpod" && host.role !== "zmah") return new Map();
  const files = new Map([
    ["/etc/containers/containers.conf.d/90-lab.conf", { content: containersConf(limits), mode: 0o644 }],
  ]);
  if (limits !== "cgroup-v2")
    files.set(runtimePath, {
      content: await readFile(`${repository}/tools/lab/host/crun-with-limits`, "utf8"),
      mode: 0o755,
    });
  return files;
}

/** Without CAP_SYS_RESOURCE podman can't raise ulimits, and refuses to start what asks for more than it has. */
function containersConf(limits: Limits): string {
  const runtime =
    limits === "cgroup-v2" ? "" : `\n[engine]\nruntime = "lab"\n\n[engine.runtimes]\nlab = ["${runtimePath}"]\n`;
  return `[containers]\ndefault_ulimits = ["nofile=16384:16384", "nproc=32768:32768"]\n${runtime}`;
}

/** Whether the limits of a container really kill, and really stop a fork. Bounded: 64 MiB, 40 processes, 20 s. */
export const limitsProbe: string = `
set -eu
mkdir -p ${probeRoot}/bin
cp /usr/bin/busybox ${probeRoot}/bin/busybox
run() { timeout 20 podman run --rm --network none --cgroup-manager systemd "$@"; }
status=0
run --memory 32m --rootfs ${probeRoot} /bin/busybox dd if=/dev/zero of=/dev/null bs=64M count=1 2> /dev/null || status=$?
echo "memory $status"
status=0
run --pids-limit 20 --rootfs ${probeRoot} /bin/busybox sh -c 'for i in $(/bin/busybox seq 40); do /bin/busybox sleep 2 & done' 2> /dev/null || status=$?
echo "pids $status"
`;

/** podman-run(1), Exit Status: podman itself, or the runtime, failed; timeout(1): 124. */
function couldNotRun(status: number): boolean {
  return Number.isNaN(status) || (status >= 124 && status <= 127);
}

/** What the probe's output says: undefined if both limits hold, else what does not. */
export function brokenLimit(output: string): string | undefined {
  const status = (limit: string): number =>
    Number(new RegExp(`^${limit} (\\d+)$`, "m").exec(output)?.[1] ?? Number.NaN);
  const notRun = [status("memory"), status("pids")].find((one) => couldNotRun(one));
  if (notRun !== undefined) return `a container to try it in could not be run (exit ${notRun})`;
  if (status("memory") !== 137) return "a container with a limit of 32 MiB could allocate 64 MiB";
  if (status("pids") === 0) return "a container with a limit of 20 processes could start 40";
  return undefined;
}
