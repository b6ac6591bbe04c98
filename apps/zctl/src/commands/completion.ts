import { allHosts, type ZMap } from "@zcloud/map";
import * as z from "zod";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { type MapWords, optionShape, shapes } from "../completion/shape.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { ZctlError } from "../exit.ts";
import { type CommandSpec, command, helpOption, versionOption } from "../spec.ts";

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

const fromMap: Readonly<Record<MapWords, (map: ZMap) => readonly string[]>> = {
  hosts: (map) => allHosts(map).map(({ id }) => id),
  sites: (map) => map.sites.map(({ name }) => name),
  tenants: (map) => map.tenants.map(({ name }) => name),
};

/** @param commands all of them, asked for when they are there: this is one of them */
export function completionOf(commands: () => readonly CommandSpec[]): CommandSpec {
  return command(z.strictObject({}), {
    name: "completion",
    summary: "commands, options and names completed by your shell",
    about:
      "Prints the script that makes bash, zsh or fish complete zctl's commands, options, and the map's names. The\n" +
      "scripts ask `zctl completion hosts` (or sites, tenants) for those. Reads the map only; asks no host.",
    arguments: [{ name: "<shell>", about: "bash, zsh or fish", words: Object.keys(scripts) }],
    examples: [
      { line: "zctl completion fish > ~/.config/fish/completions/zctl.fish", about: "once" },
      { line: "source <(zctl completion bash)", about: "in ~/.bashrc; for zsh the same with zsh, after compinit" },
    ],
    run: async (it, [asked = ""]) => {
      if (asked in fromMap) {
        const words = fromMap[asked as MapWords]((await it.installation()).map);
        if (it.screen.jsonMode) it.screen.json({ v: 1, words });
        it.screen.lines(words);
        return "ok";
      }
      if (!(asked in scripts)) {
        const message = `there is no completion for ${asked}; there is for bash, zsh and fish`;
        throw new ZctlError("USAGE", message, { exit: "usage" });
      }
      const script = scripts[asked as keyof typeof scripts](
        shapes(commands()),
        [versionOption, helpOption].map(optionShape),
      );
      if (it.screen.jsonMode) it.screen.json({ v: 1, shell: asked, script });
      it.screen.line(script.trimEnd());
      return "ok";
    },
  });
}
