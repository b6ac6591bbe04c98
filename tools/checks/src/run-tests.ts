/**
 * Every test: static checks, then unit, integration and end-to-end tests by vitest. `run-tests.ts [PROJECT...]` runs only the
 * named vitest projects. Ends with the true counts on a line of their own, and exits 1 if anything failed or nothing ran.
 */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLab } from "@zcloud/testing";

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

/** Tests of the one lab: those that mostly wait, and those with bounds in seconds. */
const inTheLab = ["e2e-patient", "e2e"];
/**
 * vitest's projects, one step after the other; those of one step run side by side. Ceph has a lab of its own, and what has
 * bounds in seconds comes last, with the machine for itself.
 */
const steps: readonly (readonly string[])[] = [["unit"], ["integration"], ["e2e-patient", "ceph"], ["e2e"]];
/** Asked for by name only, for now: two labs at once are more than a busy machine of two cores bears (docs/roadmap.md). */
const apart = ["ceph"];

const words = process.argv.slice(2);
const asked = words.flatMap((word) => (word === "e2e" ? inTheLab : [word]));
const unknown = asked.filter((project) => !steps.flat().includes(project));
if (unknown.length > 0) {
  console.error(`npm test: no tests are called ${unknown.join(", ")}; there are ${steps.flat().join(", ")}`);
  process.exit(64);
}
const chosen = steps.map((step) =>
  step.filter((project) => (asked.length === 0 ? !apart.includes(project) : asked.includes(project))),
);
const scratch = mkdtempSync(join(tmpdir(), "zcloud-tests-"));
const counts: Counts = { passed: 0, failed: 0, skipped: 0 };

function say(text: string): void {
  console.log(`\n== ${text}`);
}

/** Exit status. `output`: a file for what it prints, if that must not stand between other lines. */
function run(argv: readonly [string, ...string[]], output?: string): Promise<number> {
  const [program, ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: output === undefined ? "inherit" : ["ignore", "pipe", "pipe"] });
    if (output !== undefined) {
      const file = createWriteStream(output);
      child.stdout?.pipe(file, { end: false });
      child.stderr?.pipe(file, { end: false });
      child.once("close", () => file.end());
    }
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 1));
  });
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

/** `beside`: others are printing meanwhile. */
async function runProject(project: string, beside: boolean): Promise<void> {
  say(`${project} tests${beside ? ", side by side; what they say comes at their end" : ""}`);
  const file = join(scratch, `${project}.json`);
  const printed = beside ? join(scratch, `${project}.txt`) : undefined;
  const reports = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const status = await run(
    ["npx", "vitest", "run", "--project", project, "--passWithNoTests=false", ...reports],
    printed,
  );
  if (printed !== undefined) console.log(`\n== ${project} tests ended\n${readFileSync(printed, "utf8")}`);
  countReport(file, status);
}

/** One lab for all steps that want it; test/e2e/support/global-lab.ts takes what the environment names, and makes its own otherwise. */
async function runSteps(): Promise<void> {
  const wanted = inTheLab.every((project) => chosen.flat().includes(project));
  let down: (() => Promise<void>) | undefined;
  try {
    for (const step of chosen) {
      if (
        wanted &&
        down === undefined &&
        step.includes("e2e-patient") &&
        process.env["ZCLOUD_TEST_LAB"] === undefined
      ) {
        say("a lab for the end-to-end tests");
        const lab = await startLab(`test${process.pid}`);
        process.env["ZCLOUD_TEST_LAB"] = lab.name;
        down = () => lab.down();
      }
      await Promise.all(step.map((project) => runProject(project, step.length > 1)));
    }
  } finally {
    await down?.();
  }
}

if (words.length === 0) {
  say("static checks");
  if ((await run(["sh", "tools/checks/run", "--static"])) === 0) counts.passed += 1;
  else counts.failed += 1;
}
try {
  await runSteps();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  counts.failed += 1;
}
if (words.length === 0) say(`not in this run: ${apart.map((project) => `npm test -- ${project}`).join(", ")}`);
rmSync(scratch, { recursive: true, force: true });

const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
if (counts.failed > 0 || counts.passed === 0) process.exit(1);
