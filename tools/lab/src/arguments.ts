import { parseArgs } from "node:util";

export const verbs = [
  "up",
  "down",
  "status",
  "shell",
  "power-off",
  "power-on",
  "cut",
  "heal",
  "curl",
  "image",
  "logs",
] as const;
export type Verb = (typeof verbs)[number];

export interface Arguments {
  readonly verb: Verb | "help";
  readonly name: string;
  readonly map: string | undefined;
  readonly json: boolean;
  readonly keep: boolean;
  /** `up` stops once the hosts run: no keys, firewall, services or stacks. */
  readonly bare: boolean;
  /** Process id of the test that makes this lab: `down --all-tests` removes it once that process is gone. */
  readonly forTest: number | undefined;
  /** `down`: the labs that tests left behind, instead of the named one. */
  readonly allTests: boolean;
  /** What comes behind the verb; for shell and curl everything, verbatim. */
  readonly words: readonly string[];
}

/** The command line makes no sense; the message says what would. */
export class UsageError extends Error {
  readonly code = "USAGE";
}

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments {
  const at = argv.findIndex(
    (word, index) => !word.startsWith("-") && !["--name", "--map", "--for-test"].includes(argv[index - 1] ?? ""),
  );
  const verb = at === -1 ? "up" : (argv[at] ?? "up");
  const verbatim = verb === "shell" || verb === "curl";
  const ours = at === -1 ? argv : verbatim ? argv.slice(0, at) : argv.toSpliced(at, 1);
  const { values, positionals } = parse(ours);
  const words = verbatim ? argv.slice(at + 1) : positionals;
  if (values.help === true || verb === "help") return { ...defaults(values), verb: "help", words };
  if (!(verbs as readonly string[]).includes(verb))
    throw new UsageError(`${verb}: no such command; there are ${verbs.join(", ")}`);
  checkCount(verb as Verb, words);
  return { ...defaults(values), verb: verb as Verb, words };
}

const options = {
  name: { type: "string" },
  map: { type: "string" },
  json: { type: "boolean" },
  keep: { type: "boolean" },
  bare: { type: "boolean" },
  "for-test": { type: "string" },
  "all-tests": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function defaults(values: Values): Omit<Arguments, "verb" | "words"> {
  return {
    name: values.name ?? "lab",
    map: values.map,
    json: values.json === true,
    keep: values.keep === true,
    bare: values.bare === true,
    forTest: values["for-test"] === undefined ? undefined : Number(values["for-test"]),
    allTests: values["all-tests"] === true,
  };
}

/** How many words each verb takes: at least, at most, and how it is written. */
const counts: Readonly<Record<Verb, readonly [number, number, string]>> = {
  up: [0, 0, "up"],
  down: [0, 0, "down [--keep]"],
  status: [0, 0, "status [--json]"],
  shell: [1, 1_000, "shell HOST [COMMAND...]"],
  "power-off": [1, 100, "power-off HOST|SITE..."],
  "power-on": [1, 100, "power-on HOST|SITE..."],
  cut: [2, 2, "cut A B"],
  heal: [0, 2, "heal [A B]"],
  curl: [1, 1_000, "curl [OPTION...] URL"],
  image: [0, 0, "image"],
  logs: [0, 1, "logs [HOST|resolver|acme]"],
};

function checkCount(verb: Verb, words: readonly string[]): void {
  const [least, most, usage] = counts[verb];
  if (words.length < least || words.length > most || (verb === "heal" && words.length === 1))
    throw new UsageError(`write it so: npm run lab -- ${usage}`);
}

export const help = `Two sites, their VMs and an internet between them, on this machine.

  npm run lab                          up: boots what is off, deploys, and says what to try
  npm run lab -- down                  stops everything and removes it (--keep: keeps the hosts' disks)
  npm run lab -- status                what is on, off and cut
  npm run lab -- shell HOST [COMMAND]  a shell, or one command, on a host: north/zpod1
  npm run lab -- power-off HOST|SITE   a power cut; a zcloud takes its site along
  npm run lab -- power-on HOST|SITE
  npm run lab -- cut A B               packets between A and B vanish; A, B: site, host, internet, client, witness
  npm run lab -- heal [A B]            mends one cut, or all
  npm run lab -- curl [OPTION] URL     from the client's place in the lab's internet
  npm run lab -- logs [HOST]           the host's journal; resolver and acme for the internet's own
  npm run lab -- image                 builds the hosts' image if its recipe changed

  --name NAME   another lab beside the one named lab
  --map FILE    the map of a new lab (deploy/maps/lab.yaml)
  --bare        up: boot and filter, deploy nothing
  --all-tests   down: the labs that tests left behind
`;
