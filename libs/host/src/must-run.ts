import { ApplyConfigError, commandSaid } from "./errors.ts";
import type { Host } from "./host.ts";

/**
 * Runs a command that a configuration needs to take effect, and gives what it printed.
 * @throws ApplyConfigError DEGRADED, with what it said, when it ends with another status than 0
 */
export async function mustRun(host: Pick<Host, "run">, argv: readonly string[], signal: AbortSignal): Promise<string> {
  const result = await host.run(argv, { signal });
  if (result.status === 0) return result.stdout;
  const said = commandSaid(result);
  throw new ApplyConfigError("DEGRADED", `run ${argv.slice(0, 2).join(" ")}: exit ${result.status}: ${said}`, said);
}
