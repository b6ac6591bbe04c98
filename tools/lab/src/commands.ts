import { spawn } from "node:child_process";
import type { Arguments, Verb } from "./arguments.ts";
import { run } from "./exec.ts";
import { currentImage } from "./image.ts";
import { knownMap } from "./installation.ts";
import { Lab, tearDown } from "./lab.ts";
import { type Layout, layout } from "./layout.ts";
import { lockLab } from "./lock.ts";
import { Progress } from "./progress.ts";
import { repository } from "./repository.ts";
import { formatStatus, labStatus } from "./status.ts";
import { orphans } from "./test-owner.ts";
import { up } from "./up.ts";

/** There is no lab of this name. */
export class NoLabError extends Error {
  readonly code = "NO_LAB";
}

/** What each verb does; the result is the exit status. */
export const commands: Readonly<Record<Verb, (args: Arguments) => Promise<number>>> = {
  up: (args) => changing(args, async (at) => up(at, args, new Progress())),
  down: async (args) => {
    const names = args.allTests ? (await orphans()).map(({ lab }) => lab) : [args.name];
    for (const name of names) {
      await changing({ ...args, name }, async (at) => {
        await new Progress().step(`down ${name}`, async () => {
          await tearDown(at, { keep: args.keep });
          return args.keep ? `disks are kept in ${at.directory}` : "nothing is left";
        });
        return 0;
      });
    }
    return 0;
  },
  status: async (args) => {
    const status = await labStatus(await openLab(args));
    process.stdout.write(args.json ? `${JSON.stringify(status, undefined, 2)}\n` : formatStatus(status));
    return 0;
  },
  shell: async (args) => {
    const [host = "", ...command] = args.words;
    const lab = await openLab(args);
    const prefix = await lab.machine(host).entering();
    return interactive([
      ...prefix,
      "env",
      "-i",
      ...shellEnvironment(),
      ...(command.length > 0 ? command : ["bash", "-l"]),
    ]);
  },
  "power-off": (args) =>
    changing(args, async () => {
      const lab = await openLab(args);
      const machines = machinesOf(lab, args.words);
      await new Progress().step("power-off", async () => {
        const count = await lab.powerOff(machines);
        return `${machines.map(({ host }) => host.id).join(", ")} (${count} ${count === 1 ? "was" : "were"} on)`;
      });
      return 0;
    }),
  "power-on": (args) =>
    changing(args, async () => {
      const lab = await openLab(args);
      const machines = machinesOf(lab, args.words);
      await new Progress().step("power-on", async () => {
        const count = await lab.powerOn(machines);
        return `${machines.map(({ host }) => host.id).join(", ")} (${count} ${count === 1 ? "was" : "were"} off)`;
      });
      return 0;
    }),
  cut: (args) =>
    changing(args, async () => {
      const [a = "", b = ""] = args.words;
      await (await openLab(args)).cut(a, b);
      process.stderr.write(`${a} and ${b} don't hear each other now; mend it: npm run lab -- heal ${a} ${b}\n`);
      return 0;
    }),
  heal: (args) =>
    changing(args, async () => {
      const [a, b] = args.words;
      const count = await (await openLab(args)).heal(a === undefined || b === undefined ? undefined : [a, b]);
      process.stderr.write(count === 1 ? "1 cut is mended\n" : `${count} cuts are mended\n`);
      return 0;
    }),
  curl: async (args) => interactive([...(await openLab(args)).via, "curl", "-sS", ...args.words]),
  image: async () => {
    await run([`${repository}/deploy/images/build`], { timeout: 1_800_000 });
    process.stdout.write(`${currentImage()}\n`);
    return 0;
  },
  logs: async (args) => {
    const lab = await openLab(args);
    const [what] = args.words;
    if (what === undefined || what === "resolver" || what === "acme")
      return interactive([
        "tail",
        "-n",
        "200",
        ...(what === undefined ? ["resolver", "acme"] : [what]).map((name) => `${lab.layout.logs}/${name}.log`),
      ]);
    return interactive([
      "journalctl",
      "--no-pager",
      "-n",
      "200",
      "-D",
      `${lab.machine(what).paths.upper}/var/log/journal`,
    ]);
  },
};

async function openLab(args: Arguments): Promise<Lab> {
  const at = layout(args.name);
  const map = await knownMap(at);
  if (map === undefined)
    throw new NoLabError(
      `there is no lab ${args.name}; make it: npm run lab${args.name === "lab" ? "" : ` -- up --name ${args.name}`}`,
    );
  return new Lab(at, map);
}

/** Runs a verb that changes the lab while nobody else does. */
async function changing(args: Arguments, work: (at: Layout) => Promise<number>): Promise<number> {
  const at = layout(args.name);
  const unlock = await lockLab(at.lab);
  try {
    return await work(at);
  } finally {
    unlock();
  }
}

function machinesOf(lab: Lab, words: readonly string[]): Lab["machines"] {
  return [...new Set(words.flatMap((word) => lab.powered(word)))];
}

function shellEnvironment(): string[] {
  return [
    "HOME=/root",
    "USER=root",
    `TERM=${process.env["TERM"] ?? "dumb"}`,
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
  ];
}

/** Gives the terminal to a command and takes over its exit status. */
function interactive(argv: readonly string[]): Promise<number> {
  const [program = "", ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
