import { type FrameOptions, RestartError, startRole } from "./frame.ts";
import { ConfigurationError } from "./host-file.ts";
import { createLogger } from "./logger.ts";
import type { RoleDefinition } from "./role.ts";

/** Of sysexits(3). */
const exitSoftware = 70;
const exitConfiguration = 78;
/** From SIGTERM to the end of the process, whatever hangs, milliseconds. */
const stopLimit = 4_700;

/**
 * The whole life of a role's process: from its configuration to its last log line. Ends the process: 0 after SIGTERM or
 * SIGINT (or when a new map asks for another start), 78 with all problems on bad configuration, 70 on a bug.
 */
export async function runRole(definition: RoleDefinition, options: FrameOptions = {}): Promise<void> {
  const log = options.log ?? createLogger(definition.role);
  const crash = (error: unknown): void => {
    log.fatal({ err: error }, "unhandled error");
    process.exit(exitSoftware);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  try {
    const version = options.version ?? releaseOf(import.meta.url);
    const running = await startRole(definition, { ...options, version, log });
    const stop = (reason: string): void => {
      log.info({ reason }, "stopping");
      setTimeout(() => {
        log.error({ limit: stopLimit }, "something did not stop in time");
        process.exit(0);
      }, stopLimit).unref();
      running.stop().then(() => process.exit(0), crash);
    };
    process.once("SIGTERM", () => stop("SIGTERM"));
    process.once("SIGINT", () => stop("SIGINT"));
    running.done.catch((error: unknown) => {
      if (error instanceof RestartError) stop(error.message);
      else crash(error);
    });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) return crash(error);
    for (const problem of error.problems) log.fatal({ problem }, "bad configuration");
    process.exit(exitConfiguration);
  }
}

/** The release directory that the bundle stands in: `/opt/zcloud/znet/releases/<version>/znet.js`. */
export function releaseOf(url: string): string {
  return /\/releases\/([^/]+)\/[^/]+$/.exec(url)?.[1] ?? "dev";
}
