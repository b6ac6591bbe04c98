/**
 * Users, as a process: keep-alive GETs at a fixed rate, open loop, from wherever it is started.
 * `tsx load.ts '{"url":"https://hello.lab.example/","address":"198.51.100.10","ca":"/path.pem","rate":100,"seconds":20}'`
 * Prints one line of JSON, a LoadReport. SIGTERM ends it early, with the report.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

export interface LoadPlan {
  readonly url: string;
  /** Connect here instead of where the name resolves to. */
  readonly address: string;
  /** PEM file to trust. */
  readonly ca: string;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
}

export interface LoadReport {
  readonly sent: number;
  readonly ok: number;
  readonly failed: readonly { readonly at: number; readonly why: string }[];
  /** Answers by the site that served them. */
  readonly sites: Readonly<Record<string, number>>;
  /** The site that served most in each second since the start. */
  readonly timeline: readonly string[];
  /** Milliseconds. */
  readonly slowest: number;
}

function main(plan: LoadPlan): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 50, ca: readFileSync(plan.ca) });
  const started = performance.now();
  const failed: { at: number; why: string }[] = [];
  const seconds: Map<string, number>[] = [];
  const sites: Record<string, number> = {};
  let sent = 0;
  let ok = 0;
  let slowest = 0;

  function one(): void {
    sent += 1;
    const at = performance.now();
    const second = Math.floor((at - started) / 1000);
    const finish = (why: string | undefined, site: string): void => {
      slowest = Math.max(slowest, performance.now() - at);
      if (why === undefined) ok += 1;
      else failed.push({ at: Math.round(at - started), why });
      sites[site] = (sites[site] ?? 0) + 1;
      const counts = seconds[second] ?? new Map<string, number>();
      seconds[second] = counts.set(site, (counts.get(site) ?? 0) + 1);
    };
    const lookup = (
      _name: string,
      options: { all?: boolean },
      done: (error: null, address: unknown, family?: number) => void,
    ): void => (options.all ? done(null, [{ address: plan.address, family: 4 }]) : done(null, plan.address, 4));
    const client = request(plan.url, { agent, lookup: lookup as never, timeout: 10_000 }, (response) => {
      response.resume();
      response.on("end", () => {
        const site = String(response.headers["x-zcloud-site"] ?? "none");
        finish(response.statusCode === 200 ? undefined : `status ${response.statusCode}`, site);
      });
      response.on("error", (error) => finish(error.message, "none"));
    });
    client.on("timeout", () => client.destroy(new Error("no answer in 10 s")));
    client.on("error", (error) => finish(error.message, "none"));
    client.end();
  }

  const total = plan.rate * plan.seconds;
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * plan.rate));
    while (sent < due) one();
    if (sent >= total) stop();
  }, 5);
  let stopping = false;
  function stop(): void {
    if (stopping) return;
    stopping = true;
    clearInterval(timer);
    const wait = setInterval(() => {
      if (ok + failed.length < sent) return;
      clearInterval(wait);
      const timeline = Array.from(
        seconds,
        (counts) => [...(counts ?? [])].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "none",
      );
      const report: LoadReport = {
        sent,
        ok,
        failed: failed.slice(0, 100),
        sites,
        timeline,
        slowest: Math.round(slowest),
      };
      process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
    }, 20);
  }
  process.on("SIGTERM", stop);
}

const argument = process.argv[2];
if (argument !== undefined && process.argv[1]?.endsWith("load.ts")) main(JSON.parse(argument) as LoadPlan);
