import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { golden } from "@zcloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../commands.ts";
import type { CommandSpec } from "../spec.ts";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { optionShape, shapes } from "./shape.ts";
import { zshCompletion } from "./zsh.ts";

const globals = [optionShape({ flags: "-V, --version", about: "which zctl this is" })];
const sample: readonly CommandSpec[] = [
  {
    name: "put",
    summary: "put it there; the map's words",
    arguments: [
      { name: "<dir>", about: "what", words: "directories" },
      { name: "[how]", about: "how: [soon]", words: ["now", "later"] },
    ],
    options: [
      { flags: "-t, --tenant <tenant>", about: "it's whose", words: "tenants" },
      { flags: "--name <name>", about: "its name" },
    ],
    examples: [],
    run: async () => "ok",
  },
  {
    name: "run",
    summary: "run a command",
    arguments: [
      { name: "<host>", about: "where", words: "hosts" },
      { name: "[command...]", about: "what" },
    ],
    passThrough: true,
    examples: [],
    run: async () => "ok",
  },
];

// Tried by hand in zsh 5.9 and fish 3.6; bash is asked below.
test.each([
  ["bash", bashCompletion],
  ["zsh", zshCompletion],
  ["fish", fishCompletion],
] as const)("the script for %s", (shell, render) => {
  golden(new URL(`golden/${shell}`, import.meta.url), render(shapes(sample), globals));
});

describe("bash completes", () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "zctl-completion-"));
    mkdirSync(join(directory, "wiki"));
    writeFileSync(join(directory, "script"), bashCompletion(shapes(commands), globals));
    const zctl = "case $2 in hosts) echo north/zpod1; echo south/zpod1 ;; sites) echo north; echo south ;; esac";
    writeFileSync(join(directory, "zctl"), `#!/bin/sh\n[ "$1" = completion ] || exit 1\n${zctl}\n`);
    chmodSync(join(directory, "zctl"), 0o755);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** What bash offers after this line, of which the last word is being typed. */
  function offered(line: string): readonly string[] {
    const script = 'source ./script; read -ra COMP_WORDS <<< "$1"; [[ $1 == *" " ]] && COMP_WORDS+=(""); ';
    const ask = 'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); compopt() { :; }; _zctl; printf "%s\\n" "${COMPREPLY[@]}"';
    const env = { PATH: `${directory}:/usr/bin:/bin` };
    const said = execFileSync("bash", ["-c", script + ask, "bash", line], { cwd: directory, env, encoding: "utf8" });
    return said.split("\n").filter((word) => word !== "");
  }

  test.each([
    ["zctl de", ["deploy"]],
    ["zctl --v", ["--version"]],
    ["zctl ssh n", ["north/zpod1"]],
    ["zctl ssh north/zpod1 ", []],
    ["zctl deploy w", ["wiki"]],
    ["zctl deploy wiki --te", ["--tenant"]],
    ["zctl deploy wiki --site ", ["north", "south"]],
    ["zctl deploy wiki --project ", []],
    ["zctl deploy --tenant demo w", ["wiki"]],
    ["zctl completion ", ["bash", "zsh", "fish"]],
    ["zctl nonsense ", []],
  ])("%j: %j", (line, words) => {
    expect(offered(line)).toEqual(words);
  });

  test("every command, and every option of every command", () => {
    expect(offered("zctl ")).toEqual(expect.arrayContaining(commands.map(({ name }) => name)));
    for (const { name, options } of shapes(commands)) {
      expect(offered(`zctl ${name} -`)).toEqual(options.flatMap(({ names }) => names));
    }
  });
});
