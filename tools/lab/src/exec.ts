import { commandSaid, LocalHost, type RunOptions } from "@zcloud/host";

const machine = new LocalHost();

/** A command of the lab's machinery ended with an error. */
export class CommandFailedError extends Error {
  readonly code = "LAB_COMMAND";
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/**
 * Runs a command on this machine.
 * @returns its standard output
 * @throws CommandFailedError with what it said, if it exits with another status than 0
 */
export async function run(argv: readonly string[], options?: RunOptions): Promise<string> {
  const result = await machine.run(argv, options);
  if (result.status === 0) return result.stdout;
  const said = commandSaid(result);
  throw new CommandFailedError(`run ${argv.join(" ").slice(0, 300)}: exit ${result.status}: ${said}`, result.status);
}

/** Whether a command succeeds; what it says is dropped. */
export async function succeeds(argv: readonly string[], options?: RunOptions): Promise<boolean> {
  return (await machine.run(argv, options)).status === 0;
}
