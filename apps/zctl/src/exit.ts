/** Why zctl ends, for scripts. One place: the reference page is tested against it. */
export const exits = {
  ok: { code: 0, meaning: "done, and nothing is wrong" },
  problem: { code: 1, meaning: "a problem was found, or something was refused or failed" },
  usage: { code: 2, meaning: "the command line is not understood; nothing was done" },
  unreachable: { code: 3, meaning: "what could be done is done, but some hosts were out of reach" },
  badMap: {
    code: 78,
    meaning: "the map or another file of the installation is missing or not valid; nothing was done",
  },
  interrupted: { code: 130, meaning: "interrupted (Ctrl-C)" },
} as const;

export type Exit = keyof typeof exits;

/** Every code that zctl's own errors carry, in `--json` as `error.code`. */
export const errorCodes = {
  USAGE: "the command line is not understood",
  NO_INSTALLATION: "no installation directory was found",
  BAD_MAP: "zcloud.yaml has problems",
  BAD_FILE: "a file of the installation or of a stack is not valid",
  NO_KEYS: "zcloud.keys.json is missing; run zctl pki first",
  NO_SIGNER: "no operator key to sign the map with",
  UNKNOWN_NAME: "a host, site, tenant or stack is not in the map",
  POLICY: "a stack breaks the policy, or its tenant's envelope",
  ENROLL: "a host could not make its keys",
  TOOL: "a program on this machine failed",
  REFUSED: "a service refused what was asked of it; the same again will not help",
  NO_ANSWER: "nobody who could do it answered",
  INTERRUPTED: "interrupted",
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What the operator reads when a command cannot go on: what failed, each detail on its line, and what helps. */
export class ZctlError extends Error {
  readonly code: ErrorCode;
  readonly exit: Exit;
  readonly details: readonly string[];
  readonly remedy: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { exit?: Exit; details?: readonly string[]; remedy?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ZctlError";
    this.code = code;
    this.exit = options.exit ?? "problem";
    this.details = options.details ?? [];
    this.remedy = options.remedy;
  }
}
