import type { Words } from "../spec.ts";
import type { CommandShape, OptionShape } from "./shape.ts";
import { isMapWords } from "./shape.ts";

/** Script for zsh (zshcompsys(1), `_arguments`). */
export function zshCompletion(commands: readonly CommandShape[], globals: readonly OptionShape[]): string {
  return `#compdef zctl
# zsh completion of zctl; load it with: source <(zctl completion zsh), after compinit
_zctl_map() {
  local -a found
  found=(\${(f)"$(zctl completion $1 2>/dev/null)"})
  compadd -a found
}
_zctl() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    _arguments ${globals.flatMap(optionSpecs).join(" ")}
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
if [ "$funcstack[1]" = _zctl ]; then _zctl; else compdef _zctl zctl; fi
`;
}

function commandCase({ name, options, arguments: args, passThrough }: CommandShape): string {
  const places = args.map(({ about, words }, index) => {
    const rest = passThrough && index > 0;
    return quote(`${rest ? "*:" : `${index + 1}:`}:${escapeText(about)}:${rest ? "_normal" : action(words)}`);
  });
  const specs = [...options.flatMap(optionSpecs), ...places];
  return `    ${name})\n      _arguments ${specs.join(" \\\n        ")}\n      ;;`;
}

function optionSpecs({ names, about, takesValue, words }: OptionShape): readonly string[] {
  const others = names.length > 1 ? `(${names.join(" ")})` : "";
  const value = takesValue ? `:${escapeText(about)}:${action(words)}` : "";
  return names.map((name) => quote(`${others}${name}[${escapeText(about)}]${value}`));
}

function action(words: Words | undefined): string {
  if (words === undefined) return " ";
  if (words === "directories") return "_files -/";
  if (words === "files") return "_files";
  // Begins with a space: nothing is put between the function and its argument.
  return isMapWords(words) ? ` _zctl_map ${words}` : `(${words.join(" ")})`;
}

/** `[`, `]` and `:` end parts of a specification. */
function escapeText(text: string): string {
  return text.replace(/[[\]:\\]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
