import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { debian, tempDir } from "@zcloud/testing";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { handbook, renderRules, ruleGroups, runbookOf } from "./index.ts";
import { type Story, stories } from "./stories.test-support.ts";

const root = tempDir();
const rules = Object.values(ruleGroups).flat();

/** promtool's word on these stories: empty, or what was otherwise. */
function judge(told: readonly Story[]): string {
  writeFileSync(join(root, "rules.yml"), renderRules());
  const tests = told.map(({ what, series, at, alert, firing }) => ({
    name: what,
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        eval_time: at,
        expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
        exp_samples: firing.map((labels) => ({
          labels: inWords({ alertname: alert, alertstate: "firing", ...labels }),
          value: 1,
        })),
      },
    ],
  }));
  writeFileSync(join(root, "test.yml"), stringify({ rule_files: ["rules.yml"], evaluation_interval: "1m", tests }));
  const [program, ...words] = debian("/usr/bin/promtool", "test", "rules", join(root, "test.yml"));
  try {
    execFileSync(program, words, { stdio: "pipe", encoding: "utf8" });
    return "";
  } catch (error) {
    return String((error as { stdout: string }).stdout) + String((error as { stderr: string }).stderr);
  }
}

const inWords = (labels: Readonly<Record<string, string>>): string =>
  `ALERTS{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;

test("each alert fires when it must, and is silent when it must", () => {
  expect(judge(stories)).toBe("");
});

test("a story with another end is noticed", () => {
  const [first] = stories.filter(({ firing }) => firing.length === 1);
  expect(judge([{ ...(first as Story), firing: [] }])).toContain(first?.alert);
});

test("each alert has a story in which it fires", () => {
  const told = new Set(stories.filter(({ firing }) => firing.length > 0).map(({ alert }) => alert));
  expect(rules.map(({ alert }) => alert).filter((alert) => !told.has(alert))).toEqual([]);
});

test("each alert names where, and the operator's handbook says what to do", () => {
  const text = readFileSync(new URL(`../../../../${handbook}`, import.meta.url), "utf8");
  const anchors = new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(
      ([, title = ""]) => `${handbook}#${title.toLowerCase().replaceAll(" ", "-")}`,
    ),
  );
  for (const rule of rules) {
    expect(anchors).toContain(runbookOf(rule));
    if (rule.alert !== "Watchdog") expect(rule.summary).toContain("{{ $labels.host }}");
  }
});
