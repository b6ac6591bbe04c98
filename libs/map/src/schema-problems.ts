import type * as z from "zod";
import type { Path } from "./problems.ts";

/** A finding before it has a file and a line. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The key itself is wrong, rather than its value. */
  readonly at?: "key";
}

/** What the schema has against a value, in the operator's words. */
export function schemaFindings(issues: readonly z.core.$ZodIssue[], value: unknown): Finding[] {
  return issues.flatMap((issue) => explain(issue, value));
}

function explain(issue: z.core.$ZodIssue, value: unknown): Finding[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `${key} is not a key that belongs here`,
      at: "key",
    }));
  }
  void value;
  return [{ path, message: issue.message }];
}
