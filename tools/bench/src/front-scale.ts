import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { renderUnit } from "@zcloud/service";
import { atExit, freePorts, tempDir } from "@zcloud/testing";
import { mapFile, startServer } from "./front-compare.ts";
import type { ControllerPlan, ControllerResult } from "./front-controller.ts";
import { startLoad } from "./front-load.ts";
import type { FrontOptions } from "./front-options.ts";
import { certificatesFor, haproxyScript, type Programs, selfSigned } from "./front-programs.ts";
import { serverFile } from "./front-proxies.ts";
import { makeSite, nameOf, stopSite } from "./front-site.ts";
import { limited, median, type Row, shown } from "./results.ts";

/** The controller with all its routes and certificates: what a look costs, what it keeps, how soon a change serves. */
export async function scale(
  programs: Programs,
  { scale: size, changes, quick }: FrontOptions,
): Promise<readonly Row[]> {
  const directory = tempDir("zcloud-bench-scale-");
  const names = Array.from({ length: size.certificates }, (_, index) => nameOf(index + 1));
  const fresh = Array.from({ length: changes }, (_, index) => nameOf(size.routes + index + 1));
  const certificates = certificatesFor([...names, ...fresh]);
  const site = join(directory, "site");
  makeSite(site, selfSigned("north"), certificates, names);
  const script = haproxyScript(directory, programs.haproxy);
  const all = await freePorts(18);
  const [servers, ports] = [all.slice(0, 10), all.slice(10)];
  const stopServer = await startServer(script, serverFile(directory, servers), servers[0] ?? 0);
  const plan: ControllerPlan = {
    site: { directory: site, mapFile, program: [script], ports, servers },
    ...{ routes: size.routes, idlePasses: quick ? 3 : 10 },
    changes: fresh.map((name) => join(certificates, `${name}.pem`)),
  };
  const results: ControllerResult[] = [];
  let load: ReturnType<typeof startLoad> | undefined;
  let ended: Awaited<ReturnType<ReturnType<typeof startLoad>["end"]>> | undefined;
  let changing = 0;
  atExit(() => stopSite(site));
  try {
    for await (const result of runController(directory, plan)) {
      results.push(result);
      if (result.kind === "started")
        console.log(
          `  ${size.routes} routes, ${size.certificates} certificates: started after ${result.seconds.toFixed(1)} s`,
        );
      const idle = results.filter(({ kind }) => kind === "idle").length;
      if (idle === plan.idlePasses && changes > 0) load ??= startLoad(ports[1] ?? 0, nameOf(1), 200);
      if (result.kind === "change") changing += 1;
      if (result.kind === "change" && changing % 50 === 0) console.log(`  ${changing}/${changes} changes`);
    }
    ended = await load?.end();
  } finally {
    stopSite(site);
    stopServer();
  }
  const of = <K extends ControllerResult["kind"]>(kind: K) =>
    results.filter((result): result is Extract<ControllerResult, { kind: K }> => result.kind === kind);
  const { sent, failures } = ended ?? { sent: 0, failures: [] };
  for (const failure of new Set(failures)) {
    console.log(`  lost: ${failure}, ${failures.filter((other) => other === failure).length} times`);
  }
  const served = of("change").map((change) => change.served);
  const runtime = of("change").map((change) => change.runtime);
  const what = `at ${size.routes} routes`;
  return [
    limited(
      `new name + certificate + 3 servers to served ${what}, HAProxy's share (certificate, servers, names, first answer), ms, p50`,
      median(runtime),
      20,
    ),
    limited("the same, p99", percentile(runtime, 99), 250),
    shown("the same with the whole pass (look, plan, files to disk), p50", median(served)),
    shown("the same, p99", percentile(served, 99)),
    limited(
      `requests lost over ${changes} such changes under 200 requests/s keep-alive, of ${sent}`,
      failures.length,
      0,
    ),
    limited(
      `controller memory with ${size.routes} routes and ${size.certificates} certificates, MiB resident`,
      Math.max(...of("idle").map(({ rss }) => rss)),
      150,
    ),
    shown("reloads for more slots meanwhile", of("end")[0]?.reloads ?? Number.NaN),
    shown("the same, peak (its first start, changes)", of("end")[0]?.peak ?? Number.NaN),
    limited(`full pass ${what} with nothing to do, s of CPU`, median(of("idle").map(({ cpu }) => cpu)) / 1000, 1),
  ];
}

/** Runs it as its unit would: bundled, with the unit's flags and environment. */
async function* runController(directory: string, plan: ControllerPlan): AsyncGenerator<ControllerResult> {
  const entry = fileURLToPath(new URL("front-controller.ts", import.meta.url));
  const script = join(directory, "controller.mjs");
  const esbuild = fileURLToPath(new URL("../../../node_modules/.bin/esbuild", import.meta.url));
  const banner = 'import { createRequire as __cr } from "node:module"; const require = __cr(import.meta.url);';
  const how = [
    "--bundle",
    "--platform=node",
    "--format=esm",
    "--target=node20",
    "--minify-whitespace",
    "--charset=ascii",
  ];
  execFileSync(esbuild, [entry, ...how, `--banner:js=${banner}`, `--outfile=${script}`, "--log-level=error"]);
  const unit = renderUnit("zfront");
  const flags = /^ExecStart=\S+ (--.*) \S+$/m.exec(unit)?.[1]?.split(" ") ?? [];
  const env = Object.fromEntries(
    (/^Environment=(.*)$/m.exec(unit)?.[1] ?? "").split(" ").map((pair) => pair.split("=", 2)),
  );
  if (flags.length === 0) throw new Error("read the unit: it has no flags for node");
  const planFile = join(directory, "plan.json");
  writeFileSync(planFile, JSON.stringify(plan));
  const child = spawn(process.execPath, [...flags, script, planFile], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const forget = atExit(() => child.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as ControllerResult;
  const status = await ended;
  forget();
  if (status !== 0) throw new Error(`measure the controller: it ended with ${status}`);
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}
