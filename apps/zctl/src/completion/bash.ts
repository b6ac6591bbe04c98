import type { Words } from "../spec.ts";
import type { CommandShape, OptionShape } from "./shape.ts";
import { isMapWords } from "./shape.ts";

/** Script for bash (bash(1), Programmable Completion). Nothing is asked of the map before there is something to complete. */
export function bashCompletion(commands: readonly CommandShape[], globals: readonly OptionShape[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# bash completion of zctl; load it with: source <(zctl completion bash)
_zctl() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} place=0 skip= word i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${names} ${globals.flatMap((one) => one.names).join(" ")}" -- "$cur"))
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $skip ]]; then skip=; continue; fi
    case "$command $word" in
${valueOptions(commands)
  .map((line) => `      ${line}) skip=1 ;;`)
  .join("\n")}
      *" "-*) ;;
      *) place=$((place + 1)) ;;
    esac
  done
  if [[ -n $skip ]]; then
    case "$command \${COMP_WORDS[COMP_CWORD - 1]}" in
${commands
  .flatMap(optionValues)
  .map((line) => `      ${line}`)
  .join("\n")}
    esac
    return
  fi
  if [[ $cur == -* ]]; then
    case $command in
${commands
  .map(optionNames)
  .map((line) => `      ${line}`)
  .join("\n")}
    esac
    return
  fi
  case "$command $place" in
${commands
  .flatMap(argumentValues)
  .map((line) => `    ${line}`)
  .join("\n")}
  esac
}
complete -F _zctl zctl
`;
}

function valueOptions(commands: readonly CommandShape[]): readonly string[] {
  return commands.flatMap(({ name, options }) => {
    const valued = options.filter(({ takesValue }) => takesValue).flatMap(({ names }) => names);
    return valued.length === 0 ? [] : [valued.map((option) => `"${name} ${option}"`).join(" | ")];
  });
}

function optionValues({ name, options }: CommandShape): readonly string[] {
  return options.flatMap(({ names, takesValue, words }) => {
    if (!takesValue || words === undefined) return [];
    return [`${names.map((option) => `"${name} ${option}"`).join(" | ")}) ${reply(words)} ;;`];
  });
}

function optionNames({ name, options }: CommandShape): string {
  return `${name}) COMPREPLY=($(compgen -W "${options.flatMap(({ names }) => names).join(" ")}" -- "$cur")) ;;`;
}

function argumentValues({ name, arguments: args }: CommandShape): readonly string[] {
  return args.flatMap(({ words }, place) => (words === undefined ? [] : [`"${name} ${place}") ${reply(words)} ;;`]));
}

function reply(words: Words): string {
  if (words === "directories") return 'compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur"))';
  if (words === "files") return 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur"))';
  const list = isMapWords(words) ? `$(zctl completion ${words} 2>/dev/null)` : words.join(" ");
  return `COMPREPLY=($(compgen -W "${list}" -- "$cur"))`;
}
