import { type Arguments, help, parseArguments, UsageError } from "./arguments.ts";
import { commands } from "./commands.ts";

/** Exit status of sysexits.h for a command line that makes no sense. */
const usageStatus = 64;

async function main(argv: readonly string[]): Promise<number> {
  let args: Arguments;
  try {
    args = parseArguments(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${help}`);
    return usageStatus;
  }
  if (args.verb === "help") {
    process.stdout.write(help);
    return 0;
  }
  return commands[args.verb](args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Errors with a code are for people; anything else is a bug and shows where.
  const known = error instanceof Error && "code" in error;
  process.stderr.write(
    `${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
