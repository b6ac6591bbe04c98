import { readFileSync } from "node:fs";
import type { HealthCode } from "./health/code.ts";

/** A command as a remedy has it: `ceph osd tree` -> ceph, [osd, tree]. */
export interface NamedCommand {
  readonly program: string;
  readonly words: readonly string[];
}

export function commandsIn({ remedy }: HealthCode): readonly NamedCommand[] {
  return [...remedy.matchAll(/`([^`]+)`/g)].map(([, line = ""]) => {
    const [program = "", ...words] = line.split(" ");
    return { program, words };
  });
}

/** What zctl has, as its reference says (which a test of zctl's holds to the program). */
export function zctlCommands(): readonly string[] {
  const reference = readFileSync(new URL("../../../docs/reference/zctl.md", import.meta.url), "utf8");
  return [...reference.matchAll(/^\| `zctl ([a-z]+)/gm)].map(([, name = ""]) => name);
}
