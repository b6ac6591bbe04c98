import { type ChildProcess, spawn } from "node:child_process";
import { LocalHost, type RunOptions, type RunResult } from "@zcloud/host";
import type { ZMap } from "@zcloud/map";
import { inject } from "vitest";
import { knownMap } from "../../../tools/lab/src/installation.ts";
import { Lab } from "../../../tools/lab/src/lab.ts";
import { layout } from "../../../tools/lab/src/layout.ts";
import { MachineHost } from "../../../tools/lab/src/machine-host.ts";
import { repository } from "../../../tools/lab/src/repository.ts";
import type { LoadPlan, LoadReport } from "./load.ts";

const here = new LocalHost();

/** The users' traffic while something happens. */
export interface Load {
  /** Resolves when all requests have their answer. */
  readonly report: Promise<LoadReport>;
  stop(): void;
}

/** What a test does to the lab, and sees of it. */
export interface Testbed {
  readonly map: ZMap;
  /** The operator's files. */
  readonly installation: string;
  /** On a host, as its root. */
  on(host: string, ...argv: readonly string[]): Promise<RunResult>;
  /** A shell script on a host. */
  script(host: string, text: string): Promise<RunResult>;
  /** At the client's place in the lab's internet. */
  client(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** GET through one site's front door. */
  get(url: string, site: string, ...options: readonly string[]): Promise<Answer>;
  zctl(...args: readonly string[]): Promise<RunResult>;
  powerOff(...words: readonly string[]): Promise<void>;
  powerOn(...words: readonly string[]): Promise<void>;
  cut(a: string, b: string): Promise<void>;
  heal(): Promise<void>;
  load(site: string, url: string, seconds: number, rate?: number): Load;
  publicAddress(site: string): string;
}

export interface Answer {
  /** 0 if there was none. */
  readonly status: number;
  readonly site: string | undefined;
  /** Seconds. */
  readonly took: number;
  readonly body: string;
  readonly headers: string;
}

/** @param name a lab that is up */
export async function openTestbed(name: string = inject("lab")): Promise<Testbed> {
  const at = layout(name);
  const map = await knownMap(at);
  if (map === undefined) throw new Error(`open the lab ${name}: there is none`);
  const lab = new Lab(at, map);
  const machines = (words: readonly string[]) => words.flatMap((word) => lab.powered(word));
  const publicAddress = (site: string): string => {
    const found = map.sites.find((one) => one.name === site);
    if (found === undefined) throw new Error(`the map has no site ${site}`);
    return found.public.ipv4;
  };
  const client = (argv: readonly string[], options?: RunOptions): Promise<RunResult> =>
    here.run([...lab.via, ...argv], options);
  return {
    map,
    installation: at.installation,
    publicAddress,
    client,
    on: (host, ...argv) => new MachineHost(lab.machine(host)).run(argv),
    script: (host, text) => new MachineHost(lab.machine(host)).run(["sh", "-s"], { input: text }),
    get: (url, site, ...options) => get(client, url, publicAddress(site), options),
    zctl: (...args) =>
      here.run([process.execPath, `${repository}/apps/zctl/dist/zctl.js`, ...args], {
        env: {
          ...(process.env as Record<string, string>),
          ZCLOUD_MAP: `${at.installation}/zcloud.yaml`,
          NO_COLOR: "1",
        },
        timeout: 180_000,
      }),
    powerOff: async (...words) => void (await lab.powerOff(machines(words))),
    powerOn: async (...words) => void (await lab.powerOn(machines(words))),
    cut: (a, b) => lab.cut(a, b),
    heal: async () => void (await lab.heal()),
    load: (site, url, seconds, rate = 100) =>
      startLoad([...lab.via, process.execPath, "--import", "tsx"], {
        url,
        address: publicAddress(site),
        ca: `${at.trust}/bundle.crt`,
        rate,
        seconds,
      }),
  };
}

async function get(
  client: (argv: readonly string[]) => Promise<RunResult>,
  url: string,
  address: string,
  options: readonly string[],
): Promise<Answer> {
  const { hostname, port, protocol } = new URL(url);
  const resolve = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}:${address}`;
  const { stdout, stderr } = await client([
    "curl",
    "-sS",
    "-m",
    "15",
    "-D",
    "/dev/stderr",
    "-w",
    "\n%{http_code} %{time_total}",
    "--resolve",
    resolve,
    ...options,
    url,
  ]);
  const cutAt = stdout.lastIndexOf("\n");
  const [status = "0", took = "0"] = stdout.slice(cutAt + 1).split(" ");
  const site = /^x-zcloud-site: *(\S+)/im.exec(stderr)?.[1];
  return { status: Number(status), site, took: Number(took), body: stdout.slice(0, cutAt), headers: stderr };
}

function startLoad(prefix: readonly string[], plan: LoadPlan): Load {
  const [program = "", ...args] = [...prefix, `${repository}/test/e2e/support/load.ts`, JSON.stringify(plan)];
  const child: ChildProcess = spawn(program, args, { cwd: repository, stdio: ["ignore", "pipe", "inherit"] });
  const report = new Promise<LoadReport>((resolve, reject) => {
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(JSON.parse(output) as LoadReport) : reject(new Error(`load ended with ${code}`)),
    );
  });
  return { report, stop: () => void child.kill("SIGTERM") };
}

/** Asks again until the answer satisfies; fails with the last one after `seconds`. */
export async function eventually<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T>,
  good: (value: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    let last: unknown;
    try {
      const value = await ask();
      if (good(value)) return value;
      last = value;
    } catch (error) {
      last = error instanceof Error ? error.message : error;
    }
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${seconds} s; last: ${JSON.stringify(last)?.slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
