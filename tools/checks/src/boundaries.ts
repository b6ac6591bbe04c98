import { execFileSync } from "node:child_process";

interface Report {
  readonly summary: {
    readonly error: number;
    readonly totalCruised: number;
    readonly violations: readonly Violation[];
  };
  readonly modules: readonly { readonly source: string }[];
}
interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** Rooms that must be seen; a tool that silently resolves nothing would otherwise pass everything. */
const expected = ["libs/map/", "libs/reconcile/", "libs/host/", "libs/events/", "apps/zfront/", "apps/zctl/"];

function cruise(): Report {
  const args = ["--output-type", "json", "--config", ".dependency-cruiser.cjs", "apps", "libs", "tools"];
  try {
    return JSON.parse(execFileSync("npx", ["depcruise", ...args], { encoding: "utf8", maxBuffer: 1 << 28 })) as Report;
  } catch (cause) {
    const stdout = (cause as { stdout?: string }).stdout;
    if (stdout?.startsWith("{")) return JSON.parse(stdout) as Report;
    throw cause;
  }
}

const { summary, modules } = cruise();
for (const { from, to, rule } of summary.violations) console.error(`${from} -> ${to}: breaks ${rule.name}`);
const unseen = expected.filter((room) => !modules.some(({ source }) => source.startsWith(room)));
if (unseen.length > 0)
  console.error(`dependency-cruiser saw no module in ${unseen.join(", ")}; its view of the code is broken`);
console.log(`boundaries: ${modules.length} modules, ${summary.violations.length} violations`);
if (summary.violations.length > 0 || unseen.length > 0) process.exit(1);
