import { fileURLToPath } from "node:url";
import type { RunResult } from "@zcloud/host";
import { type LabHandle, publicAddress, useLab } from "@zcloud/testing";
import { inject } from "vitest";

export const repository: string = fileURLToPath(new URL("../../..", import.meta.url));

export interface Answer {
  /** 0 if there was none. */
  readonly status: number;
  /** Which site served it, by its own word. */
  readonly site: string | undefined;
  /** Seconds. */
  readonly took: number;
  readonly body: string;
  readonly headers: string;
}

/** A lab, and how users and operators see it. */
export interface Testbed extends LabHandle {
  /** A shell script on a host, as its root. */
  script(host: string, text: string): Promise<RunResult>;
  /** What the host's agent answers on its socket. */
  agent(host: string, path: string, ...options: readonly string[]): Promise<RunResult>;
  /** GET through one site's front door, as a user. */
  get(url: string, site: string, ...options: readonly string[]): Promise<Answer>;
  publicAddress(site: string): string;
}

/** The lab that these tests may break; every test leaves it whole. */
export async function openTestbed(name: string = inject("lab")): Promise<Testbed> {
  const lab = await useLab(name);
  const address = (site: string): string => publicAddress(lab.map, site);
  return {
    ...lab,
    publicAddress: address,
    script: (host, text) => lab.sh(host, ["sh", "-s"], { input: text }),
    agent: (host, path, ...options) => lab.sh(host, [...agentCurl(host), ...options, `http://agent${path}`]),
    get: (url, site, ...options) => get(lab, url, address(site), options),
  };
}

function agentCurl(host: string): readonly string[] {
  const role = host.replace(/^.*\//, "").replace(/\d+$/, "");
  return ["curl", "-sS", "-m", "5", "--unix-socket", `/run/zcloud/${role}.sock`];
}

async function get(lab: LabHandle, url: string, address: string, options: readonly string[]): Promise<Answer> {
  const { hostname, port, protocol } = new URL(url);
  const resolve = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}:${address}`;
  const shown = ["-sS", "--include", "--max-time", "15", "--write-out", "%{stderr}\n%{http_code} %{time_total}"];
  const { stdout, stderr } = await lab.client(["curl", ...shown, "--resolve", resolve, ...options, url]);
  const [status = "0", took = "0"] = stderr.trim().split("\n").at(-1)?.split(" ") ?? [];
  const end = stdout.indexOf("\r\n\r\n");
  const headers = end === -1 ? "" : stdout.slice(0, end);
  const site = /^x-zcloud-site: *(\S+)/im.exec(headers)?.[1];
  return { status: Number(status), site, took: Number(took), body: stdout.slice(end === -1 ? 0 : end + 4), headers };
}

/** Asks again until the answer satisfies, and returns it; fails with the last one after `seconds`. */
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
