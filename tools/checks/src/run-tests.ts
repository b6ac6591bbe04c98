/**
 * Every test: static checks, then unit, integration and end-to-end tests by vitest. `run-tests.ts [PROJECT...]` runs only the
 * named vitest projects. Ends with the true counts on a line of their own, and exits 1 if anything failed or nothing ran.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly unknown[];
  }[];
}

const everything = ["unit", "integration", "e2e"];
/** Minutes in a lab of their own, asked for by name: `npm test -- ceph`. */
const apart = ["ceph"];
const chosen = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "zcloud-tests-"));
const counts: Counts = { passed: 0, failed: 0, skipped: 0 };

function say(text: string): void {
  console.log(`\n== ${text}`);
}

function run(argv: readonly [string, ...string[]]): number {
  const [program, ...rest] = argv;
  return spawnSync(program, rest, { stdio: "inherit" }).status ?? 1;
}

/** A file that could not even be loaded has no tests of its own; it counts as one failure. */
function countReport(file: string, status: number): void {
  if (!existsSync(file)) {
    counts.failed += 1;
    return;
  }
  const report = JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  const unloaded = report.testResults.filter(
    (result) => result.status === "failed" && result.assertionResults.length === 0,
  ).length;
  counts.passed += report.numPassedTests;
  counts.failed += report.numFailedTests + unloaded;
  counts.skipped += report.numPendingTests + report.numTodoTests;
  if (status !== 0 && report.numFailedTests + unloaded === 0) counts.failed += 1;
}

if (chosen.length === 0) {
  say("static checks");
  if (run(["sh", "tools/checks/run", "--static"]) === 0) counts.passed += 1;
  else counts.failed += 1;
}
for (const project of chosen.length > 0 ? chosen : everything) {
  say(`${project} tests`);
  const file = join(scratch, `${project}.json`);
  const status = run([
    "npx",
    "vitest",
    "run",
    "--project",
    project,
    "--passWithNoTests=false",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  countReport(file, status);
}
if (chosen.length === 0) say(`not in this run: ${apart.map((project) => `npm test -- ${project}`).join(", ")}`);
rmSync(scratch, { recursive: true, force: true });

const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
if (counts.failed > 0 || counts.passed === 0) process.exit(1);
