/** A command could not be run, was stopped, or said more than anyone wants to hear. A non-zero exit is none of these. */
export class CommandError extends Error {
  readonly code: "COMMAND_NOT_FOUND" | "COMMAND_TIMEOUT" | "COMMAND_OUTPUT" | "COMMAND_STOPPED" | "COMMAND_FAILED";

  constructor(code: CommandError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.code = code;
  }
}

/** Another machine can't be reached by SSH, or its connection broke. */
export class UnreachableError extends Error {
  readonly code = "UNREACHABLE";
  readonly remedy: string;
  /** The command had begun: it may have had effects. */
  readonly begun: boolean;

  constructor(message: string, remedy: string, begun: boolean, options?: ErrorOptions) {
    super(`${message}; ${remedy}`, options);
    this.name = "UnreachableError";
    this.remedy = remedy;
    this.begun = begun;
  }
}

/** A file operation failed on a host. */
export class FileError extends Error {
  readonly code = "FILE";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FileError";
  }
}

/** A configuration did not take: what was there before is in force again, unless the message says otherwise. */
export class ApplyConfigError extends Error {
  /** CONFIG_REFUSED: the daemon's own check said no, nothing was changed. DEGRADED: it failed later and was put back. */
  readonly code: "CONFIG_REFUSED" | "DEGRADED";
  /** What the daemon said. */
  readonly said: string;

  constructor(code: ApplyConfigError["code"], message: string, said: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ApplyConfigError";
    this.code = code;
    this.said = said;
  }
}

/** `haproxy -c -f x` and what it said, cut to what fits in a message. */
export function commandSaid(result: { readonly stdout: string; readonly stderr: string }, limit = 2_000): string {
  const said = [result.stderr.trim(), result.stdout.trim()].filter((text) => text !== "").join("\n");
  return said.length > limit ? `${said.slice(0, limit)} [...]` : said;
}
