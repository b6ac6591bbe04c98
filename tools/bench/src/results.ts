import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

/** One measured line. `ratio` is ours / peer, or ours / target where there is no peer to run beside. */
export interface Row {
  readonly measure: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly ratio: number | null;
  readonly target: string;
  readonly holds: boolean;
}

const columns = ["measure", "ours", "peer", "ratio", "target", "holds"] as const;

/** Four significant digits are more than a noisy machine is good for. */
function cell(value: Row[keyof Row]): string {
  if (value === null) return "-";
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}

/**
 * Prints the rows as a table and writes `tools/bench/results/NAME.json`.
 * @param keep `part`: of the rows that are there already, those of the same measure are renewed and the others stay
 */
export function report(name: string, rows: readonly Row[], keep: "whole" | "part" | "no" = "whole"): void {
  const lines = [columns.map(String), ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  for (const line of lines) console.log(line.map((text, index) => text.padEnd(widths[index] ?? 0)).join("  "));
  if (keep === "no") return;
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory: totalmem(),
    node: process.version,
  };
  const directory = new URL("../results/", import.meta.url);
  mkdirSync(directory, { recursive: true });
  const file = new URL(`${name}.json`, directory);
  const before = keep === "part" && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")).rows as Row[]) : [];
  const all = renewed(before, rows);
  writeFileSync(file, `${JSON.stringify({ machine, rows: all }, null, 2)}\n`);
}

/** Each measure once, where it first stood. */
export function renewed(before: readonly Row[], rows: readonly Row[]): readonly Row[] {
  return [...new Map([...before, ...rows].map((row) => [row.measure, row])).values()];
}

/** Middle of a list; 0 for an empty one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** A measure with an upper limit and nobody beside it. */
export function limited(measure: string, ours: number, target: number): Row {
  const ratio = target === 0 ? null : ours / target;
  return { measure, ours, peer: null, ratio, target: `<= ${target}`, holds: ours <= target };
}

/** A measure that has no target and explains another. */
export function shown(measure: string, ours: number): Row {
  return { measure, ours, peer: null, ratio: null, target: "-", holds: true };
}
