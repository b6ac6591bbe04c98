import { commandSaid, type Host } from "@zcloud/host";
import { CephError } from "./errors.ts";

/** Runs a program that must succeed. @throws CephError with what it said */
export async function must(
  host: Host,
  argv: readonly string[],
  signal: AbortSignal,
  timeout = 120_000,
): Promise<string> {
  const ran = await host.run(argv, { signal, timeout });
  if (ran.status === 0) return ran.stdout;
  throw new CephError(`${argv.slice(0, 3).join(" ")}: exit ${ran.status}: ${commandSaid(ran, 500)}`);
}

/** Gives files to Ceph's user. */
export async function owned(host: Host, paths: readonly string[], signal: AbortSignal): Promise<void> {
  await must(host, ["chown", "ceph:ceph", ...paths], signal);
}
