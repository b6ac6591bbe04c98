import { readdirSync, readFileSync } from "node:fs";
import { imageBelow } from "@zcloud/testing";
import { expect, test } from "vitest";
import { daemonCodes, moduleCodes } from "./health/reef.test-support.ts";
import { healthThemes } from "./health.ts";
import { commandsIn } from "./health-commands.test-support.ts";

/** What zstore's packages have put above the image of all. */
const [layer = ""] = imageBelow("zstore").split(":");
const entries = healthThemes.flatMap(({ codes }) => Object.entries(codes));
const known = new Set(entries.map(([code]) => code));

/** Pieces of readable text in a program, as strings(1) finds them. */
function textsIn(path: string): readonly string[] {
  return readFileSync(`${layer}/usr/${path}`, "latin1").match(/[\x20-\x7e]{4,}/g) ?? [];
}
const common = "lib/x86_64-linux-gnu/ceph/libceph-common.so.2";
const daemons = ["bin/ceph-mon", "bin/ceph-mgr", common].map(textsIn);

/** Python of the manager's modules that say something of health. */
const modules = readdirSync(`${layer}/usr/share/ceph/mgr`, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".py") && !path.includes("tests/"))
  .map((path) => readFileSync(`${layer}/usr/share/ceph/mgr/${path}`, "utf8"));

/** Words of monitors and manager that look like codes and are none. */
const others = new Set([
  // Metrics, columns, states.
  ...["MDS_GID_NONE", "OSD_STAT", "PG_STAT", "DEGRADED_OBJECTS"],
  ...["AUTH_ACCEPTING", "AUTH_ACCEPTING_MORE", "AUTH_ACCEPTING_SIGN", "AUTH_CONNECTING", "AUTH_CONNECTING_SIGN"],
  // SLOW_OPS in the midst of instructions.
  "SLOW_OPSH",
]);

test("all that looks like a health code in monitors and manager is in the table", () => {
  // Codes of one kind begin alike. A short one that only stands in instructions, or at the end of another, is not found.
  const first = new Set([...known].map((code) => code.slice(0, code.indexOf("_") + 1)));
  const words = daemons.flat().filter((text) => /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(text));
  const alike = new Set(words.filter((word) => first.has(word.slice(0, word.indexOf("_") + 1))));
  expect([...alike].filter((word) => !known.has(word) && !others.has(word))).toEqual([]);
  expect([...others].filter((word) => !alike.has(word))).toEqual([]);
  // It does see them: all but those that are made of parts, and one that is the end of another.
  const unseen = daemonCodes.filter((code) => !alike.has(code) && !/^OSD_[A-Z]+_DOWN$/.test(code));
  expect(unseen).toEqual(["POOL_NEAR_FULL"]);
});

test("all that the manager's modules complain of is in the table", () => {
  const speaking = modules.filter((text) => /\bself\.set_health_checks\(/.test(text));
  const found = new Set(
    speaking.flatMap((text) => {
      const keys = text.matchAll(/['"]([A-Z]+(?:_[A-Z]+)+)['"](?:\]\s*=|\s*:)\s*\{/g);
      const named = text.matchAll(/^[A-Z_]+ = ['"]([A-Z]+(?:_[A-Z]+)+)['"]$/gm);
      return [...keys, ...named].map(([, code = ""]) => code);
    }),
  );
  expect([...found].filter((code) => !known.has(code))).toEqual([]);
  expect(moduleCodes.filter((code) => !found.has(code))).toEqual([]);
});

/** A command that Ceph takes: its words, and what may follow. */
interface Signature {
  readonly words: readonly string[];
  readonly parameters: readonly string[];
}

/** As Ceph writes them down for its own parser: `osd unset name=key,type=CephChoices,strings=full|pause`. */
const signatures: readonly Signature[] = [
  ...daemons.flat(),
  // What may follow stands in the types of Python's functions.
  ...modules.flatMap((text) =>
    [...text.matchAll(/(?:CLI\w*Command|_command)\(\s*(?:prefix=)?'([a-z -]+)'/g)].map(
      ([, words = ""]) => `${words} name=any,n=N`,
    ),
  ),
]
  .filter((text) => /^[a-z][a-z_-]*(?: [a-z][a-z_-]*)*(?: name=.*)?\s*$/.test(text))
  .map((text) => {
    const [words = "", ...parameters] = text.trim().split(" name=");
    return { words: words.split(" "), parameters };
  });

/** Too short for a text of their own in a program; bring-up.integration.test.ts asks a real monitor. */
const hidden = ["versions", "tell mon.NAME compact"];

/** What is wrong with the words behind `ceph`; undefined: nothing. */
function fault(words: readonly string[]): string | undefined {
  if (["-s", ...hidden].includes(words.join(" "))) return undefined;
  if (words[0] === "tell") return faultOfTell(words.slice(2));
  const fitting = signatures.filter((one) => one.words.every((word, at) => word === words[at]));
  const longest = Math.max(0, ...fitting.map((one) => one.words.length));
  const best = fitting.filter((one) => one.words.length === longest);
  if (best.length === 0) return "no such command";
  return best.some(({ parameters }) => takes(parameters, words.slice(longest))) ? undefined : "other arguments";
}

function takes(parameters: readonly string[], given: readonly string[]): boolean {
  const rest = given.filter((word) => word !== "...");
  if (rest.length > parameters.length && !parameters.some((one) => /,n=N\b/.test(one))) return false;
  return rest.every((word, at) => {
    const choices = /type=CephChoices,strings=([^,]+)/.exec(parameters[at] ?? "")?.[1]?.split("|");
    // Capitals stand for something.
    return choices === undefined || /^[A-Z]+$/.test(word) || choices.includes(word);
  });
}

/** Commands of a daemon's own, which it has by name in its program. */
function faultOfTell(words: readonly string[]): string | undefined {
  const literal = words.filter((word) => /^[a-z_]+$/.test(word)).join(" ");
  const own = ["bin/ceph-osd", "bin/ceph-mds", "bin/ceph-mon"].flatMap(textsIn);
  return own.some((text) => text === literal || text.startsWith(`${literal} name=`)) ? undefined : "no such command";
}

test("every command of Ceph's that a remedy names is one that Ceph takes", () => {
  const lines = new Set(
    entries.flatMap(([, code]) =>
      commandsIn(code).flatMap(({ program, words }) => (program === "ceph" ? [words.join(" ")] : [])),
    ),
  );
  expect(lines.size).toBeGreaterThan(30);
  const faults = [...lines].map((line) => [line, fault(line.split(" "))]).filter(([, wrong]) => wrong !== undefined);
  expect(faults).toEqual([]);
});

test.each([
  ["osd sleep", "no such command"],
  ["osd unset nothing", "other arguments"],
  ["osd tree up up up up", undefined],
  ["mgr fail north south", "other arguments"],
  ["tell osd.0 dance", "no such command"],
  ["crash forget", "other arguments"],
])("ceph %s: %s", (line, wrong) => expect(fault(line.split(" "))).toBe(wrong));
