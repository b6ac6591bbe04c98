import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { LocalHost, type RunOptions, type RunResult } from "@zcloud/host";
import { loadMap, type ZMap } from "@zcloud/map";
import * as z from "zod";
import { type HttpAnswer, parseAnswer } from "./http-answer.ts";
import type { LoadPlan, LoadReport } from "./load.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const machine = new LocalHost();
/** Milliseconds that a whole lab may take to be up. */
const upTimeout = 600_000;

/** What `lab status --json` says, as far as tests need it. */
const Status = z.object({
  installation: z.string(),
  hosts: z.array(
    z.object({
      id: z.string(),
      power: z.enum(["on", "off"]),
      enter: z.array(z.string()).optional(),
      netns: z.string(),
    }),
  ),
  cuts: z.array(z.tuple([z.string(), z.string()])),
  via: z.array(z.string()),
});
export type LabStatus = z.infer<typeof Status>;

export interface RequestOptions {
  /** A host's id; the client's place in the lab's internet by default. */
  readonly from?: string;
  /** More of curl's options, e.g. `--resolve`. */
  readonly args?: readonly string[];
  /** Seconds; 10 by default. */
  readonly timeout?: number;
}

/** Users' traffic while something happens. */
export interface Load {
  /** Resolves when all requests have their answer. */
  readonly report: Promise<LoadReport>;
  stop(): void;
}

/** A running lab in the hands of a test. Everything that changes it goes through the lab's own commands. */
export interface LabHandle {
  readonly name: string;
  /** Directory with zcloud.yaml, ssh_config, secrets. */
  readonly installation: string;
  readonly map: ZMap;
  /** Runs a program on a host, as root, without SSH. */
  sh(host: string, argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs a program of this machine at the client's place: its address, resolver and trust. */
  client(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** One request by curl, redirects not followed. */
  curl(url: string, options?: RequestOptions): Promise<HttpAnswer>;
  /** Keep-alive GETs through one site's front door, `rate` a second (100), from the client's place. */
  load(site: string, url: string, seconds: number, rate?: number): Load;
  /** Power cuts: hosts, or whole sites. */
  powerOff(...words: readonly string[]): Promise<void>;
  powerOn(...words: readonly string[]): Promise<void>;
  cut(a: string, b: string): Promise<void>;
  /** One cut, or all. */
  heal(a?: string, b?: string): Promise<void>;
  status(): Promise<LabStatus>;
  /** Prepared zctl command for this installation. */
  zctl(...args: readonly string[]): Promise<RunResult>;
  down(): Promise<void>;
}

/** Makes a lab for tests, whole or not at all, which a later `lab down --all-tests` removes if this process dies before `down()`. */
export async function startLab(
  name: string,
  options: { readonly map?: string; readonly bare?: boolean } = {},
): Promise<LabHandle> {
  const map = options.map === undefined ? [] : ["--map", options.map];
  const bare = options.bare === true ? ["--bare"] : [];
  try {
    await lab(["up", "--name", name, "--for-test", String(process.pid), ...map, ...bare], upTimeout);
    return await useLab(name);
  } catch (error) {
    // Half of one would take this machine's time from every test that follows.
    await lab(["down", "--name", name], upTimeout);
    throw error;
  }
}

/** A lab that somebody else made, and that this process must leave as it found it. */
export async function useLab(name: string): Promise<LabHandle> {
  const known = await status(name);
  const path = `${known.installation}/zcloud.yaml`;
  const loaded = loadMap((await machine.read(path)) ?? "", path);
  if (!loaded.ok) throw new Error(`use lab ${name}: its map ${path} is not right`);
  let entering = enteringOf(known);
  const change = async (...words: readonly string[]): Promise<void> => {
    await lab([...words, "--name", name], upTimeout);
    entering = enteringOf(await status(name));
  };
  const sh = (host: string, argv: readonly string[], run?: RunOptions): Promise<RunResult> => {
    const enter = entering.get(host);
    if (enter === undefined)
      throw new Error(`run ${argv.join(" ")} on ${host}: lab ${name} has no such host, or it is off`);
    return machine.run([...enter, ...argv], run);
  };
  const client = (argv: readonly string[], run?: RunOptions): Promise<RunResult> =>
    machine.run([...known.via, ...argv], run);
  return {
    name,
    installation: known.installation,
    map: loaded.map,
    sh,
    client,
    async curl(url, { from, args = [], timeout = 10 } = {}) {
      const argv = ["curl", "-sS", "--include", "--max-time", String(timeout), ...args, url];
      return parseAnswer(await (from === undefined ? client(argv) : sh(from, argv)));
    },
    load: (site, url, seconds, rate = 100) =>
      startLoad([...known.via, process.execPath, "--import", "tsx"], {
        url,
        address: publicAddress(loaded.map, site),
        ca: `${known.installation}/trust/bundle.crt`,
        rate,
        seconds,
      }),
    powerOff: (...words) => change("power-off", ...words),
    powerOn: (...words) => change("power-on", ...words),
    cut: (a, b) => change("cut", a, b),
    heal: (a, b) => change("heal", ...(a === undefined || b === undefined ? [] : [a, b])),
    status: () => status(name),
    zctl: (...args) => {
      const env = { ZCLOUD_MAP: path };
      return machine.run([process.execPath, `${repository}apps/zctl/dist/zctl.js`, ...args], {
        env,
        timeout: upTimeout,
      });
    },
    down: () => lab(["down", "--name", name], upTimeout).then(() => undefined),
  };
}

export function publicAddress(map: ZMap, site: string): string {
  const found = map.sites.find((one) => one.name === site);
  if (found === undefined) throw new Error(`the map has no site ${site}`);
  return found.public.ipv4;
}

/** In a process of its own: what this one does must not delay a request. */
function startLoad(prefix: readonly string[], plan: LoadPlan): Load {
  const [program = "", ...args] = [...prefix, `${repository}libs/testing/src/load.ts`, JSON.stringify(plan)];
  const child = spawn(program, args, { cwd: repository, stdio: ["ignore", "pipe", "inherit"] });
  const report = new Promise<LoadReport>((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(output) as LoadReport);
      else reject(new Error(`the load ended with ${code}`));
    });
  });
  return { report, stop: () => void child.kill("SIGTERM") };
}

function enteringOf({ hosts }: LabStatus): ReadonlyMap<string, readonly string[]> {
  return new Map(hosts.flatMap(({ id, enter }) => (enter === undefined ? [] : [[id, enter] as const])));
}

async function status(name: string): Promise<LabStatus> {
  return Status.parse(JSON.parse(await lab(["status", "--json", "--name", name], 60_000)));
}

async function lab(words: readonly string[], timeout: number): Promise<string> {
  const argv = [`${repository}node_modules/.bin/tsx`, `${repository}tools/lab/src/main.ts`, ...words];
  const result = await machine.run(argv, { timeout, cwd: repository });
  if (result.status !== 0)
    throw new Error(`lab ${words.join(" ")}: exit ${result.status}: ${result.stderr || result.stdout}`);
  return result.stdout;
}
