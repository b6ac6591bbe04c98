import type * as z from "zod";
import { type Exit, ZctlError } from "./exit.ts";
import type { Invocation } from "./invocation.ts";

/** What may stand in a place, for the shell's completion: names of the map, files, or these words. */
export type Words = "hosts" | "sites" | "tenants" | "directories" | "files" | readonly string[];

/** A command as data: the parser, the help, the shell's completion and the tests are made from it. */
export interface CommandSpec {
  readonly name: string;
  /** One line, in the list of commands. */
  readonly summary: string;
  /** What it does to the world, for `--help`. */
  readonly about?: string;
  /** `<dir>` must be given, `[host]` may be, `[command...]` takes the rest. */
  readonly arguments?: readonly { readonly name: string; readonly about: string; readonly words?: Words }[];
  /** `words`: what its value may be. */
  readonly options?: readonly { readonly flags: string; readonly about: string; readonly words?: Words }[];
  readonly examples: readonly { readonly line: string; readonly about: string }[];
  /** Everything after the first argument belongs to that argument: `zctl ssh HOST ls -l`. */
  readonly passThrough?: boolean;
  run(it: Invocation, args: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Exit>;
}

/** What every command takes, beside its own. */
export const commonOptions: readonly NonNullable<CommandSpec["options"]>[number][] = [
  {
    flags: "--map <path>",
    about: "the installation directory, or its zcloud.yaml (also ZCLOUD_MAP)",
    words: "files",
  },
  { flags: "--json", about: "print one JSON document instead of a screen" },
];
export const helpOption = { flags: "-h, --help", about: "what it does, with examples" } as const;
export const versionOption = { flags: "-V, --version", about: "which zctl this is" } as const;

/** A command whose options have passed their schema. */
export function command<S extends z.ZodType>(
  options: S,
  spec: Omit<CommandSpec, "run"> & {
    run(it: Invocation, args: readonly string[], options: z.infer<S>): Promise<Exit>;
  },
): CommandSpec {
  return {
    ...spec,
    run: (it, args, given) => {
      const parsed = options.safeParse(given);
      if (parsed.success) return spec.run(it, args, parsed.data);
      const details = parsed.error.issues.map((issue) => complaint(issue.path.join("."), given, issue.message));
      throw new ZctlError("USAGE", details.join("\n"), { exit: "usage", remedy: `see: zctl ${spec.name} --help` });
    },
  };
}

function complaint(option: string, given: Readonly<Record<string, unknown>>, message: string): string {
  return given[option] === undefined ? `--${option} is missing` : `--${option} ${String(given[option])}: ${message}`;
}
