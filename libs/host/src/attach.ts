import { spawn } from "node:child_process";
import { constants } from "node:os";
import { CommandError } from "./errors.ts";

/**
 * Runs a command on this process's own terminal until it ends: for shells and editors, where a person types.
 * @returns its exit status, 128 + signal number if a signal ended it
 */
export function attach(argv: readonly string[]): Promise<number> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("attach: the command is empty");
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit" });
    child.once("error", (cause) => {
      reject(new CommandError("COMMAND_NOT_FOUND", `run ${program}: ${cause.message}`, { cause }));
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal ?? "SIGKILL"] ?? 9)));
  });
}
