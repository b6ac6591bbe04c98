import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";

/** Another command is changing the same lab. */
export class LabBusyError extends Error {
  readonly code = "LAB_BUSY";
}

/**
 * Takes the lab's lock and returns how to give it back. The lock is held by a flock(1) child, which ends with this
 * process however that ends, and nothing we start inherits it.
 * @throws LabBusyError if somebody else keeps it for two minutes
 */
export async function lockLab(lab: string): Promise<() => void> {
  await mkdir("/run/zcloud-lab", { recursive: true, mode: 0o700 });
  const holder = spawn(
    "flock",
    ["--timeout", "120", `/run/zcloud-lab/${lab}.lock`, "sh", "-c", "echo locked; exec cat"],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  holder.stdin.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    holder.once("error", reject);
    holder.stdout.once("data", () => resolve());
    holder.once("exit", () => {
      reject(
        new LabBusyError(`lab ${lab}: another command is changing it; wait for that, or use another lab: --name NAME`),
      );
    });
  });
  holder.stdout.destroy();
  holder.unref();
  return () => void holder.stdin.end();
}
