import { type CommandSpec, commonOptions, helpOption, type Words } from "../spec.ts";

/** An option as shells see it. */
export interface OptionShape {
  /** `["-v", "--verbose"]`. */
  readonly names: readonly string[];
  readonly about: string;
  /** It is followed by a value. */
  readonly takesValue: boolean;
  readonly words: Words | undefined;
}

/** A command as shells see it. */
export interface CommandShape {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionShape[];
  readonly arguments: readonly { readonly about: string; readonly words: Words | undefined }[];
  /** What stands after its arguments is another program's. */
  readonly passThrough: boolean;
}

/** Commands as the completion scripts need them, from the same definitions as the parser and the help. */
export function shapes(commands: readonly CommandSpec[]): readonly CommandShape[] {
  return commands.map(({ name, summary, options = [], arguments: args = [], passThrough = false }) => ({
    name,
    summary,
    options: [...options, ...commonOptions, helpOption].map(optionShape),
    arguments: args.map(({ about, words }) => ({ about, words })),
    passThrough,
  }));
}

export function optionShape(option: {
  readonly flags: string;
  readonly about: string;
  readonly words?: Words;
}): OptionShape {
  const names = option.flags.split(/[ ,]+/).filter((word) => word.startsWith("-"));
  return { names, about: option.about, takesValue: /[<[]/.test(option.flags), words: option.words };
}

/** Words that only the map knows: `zctl completion hosts` prints them. */
export type MapWords = "hosts" | "sites" | "tenants";

export function isMapWords(words: Words | undefined): words is MapWords {
  return words === "hosts" || words === "sites" || words === "tenants";
}
