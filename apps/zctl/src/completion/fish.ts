import type { Words } from "../spec.ts";
import type { CommandShape, OptionShape } from "./shape.ts";
import { isMapWords } from "./shape.ts";

/** Script for fish (complete(1) of fish). */
export function fishCompletion(commands: readonly CommandShape[], globals: readonly OptionShape[]): string {
  return `# fish completion of zctl; load it with: zctl completion fish | source
complete -c zctl -f
${[...globals.map((option) => `complete -c zctl -n __fish_use_subcommand ${optionPart(option)}`), ...commands.flatMap(commandLines)].join("\n")}
`;
}

function commandLines({ name, summary, options, arguments: args }: CommandShape): readonly string[] {
  const here = quote(`__fish_seen_subcommand_from ${name}`);
  // fish counts no places: all arguments' words are offered together.
  const words = args.flatMap(({ words: one, about }) => (one === undefined ? [] : [{ words: one, about }]));
  return [
    `complete -c zctl -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ...words.map((one) => `complete -c zctl -n ${here} ${wordsPart(one.words)} -d ${quote(one.about)}`),
    ...options.map((option) => `complete -c zctl -n ${here} ${optionPart(option)}`),
  ];
}

function optionPart({ names, about, takesValue, words }: OptionShape): string {
  const flags = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(" ");
  // -x: nothing but the words, -r: file names too.
  const files = words === "files" || words === "directories";
  const value = takesValue ? ` ${files ? "-r" : "-x"}${words === undefined ? "" : ` ${wordsPart(words)}`}` : "";
  return `${flags}${value} -d ${quote(about)}`;
}

function wordsPart(words: Words): string {
  if (words === "directories") return "-a '(__fish_complete_directories)'";
  if (words === "files") return "-F";
  return isMapWords(words) ? `-a '(zctl completion ${words} 2>/dev/null)'` : `-a ${quote(words.join(" "))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
