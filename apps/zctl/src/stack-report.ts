import * as z from "zod";

/** What a zpod or zmah says of one stack: GET /v1/stacks (libs/daemons/podman, report.ts). */
export const StackReport = z.looseObject({
  /** `tenant/project`. */
  stack: z.string(),
  state: z.enum(["running", "changing", "degraded", "down", "refused", "failed", "elsewhere"]),
  reasons: z.array(z.string()),
  /** Of the files that run. */
  digest: z.string().optional(),
  /** Of the files that were refused, or failed. */
  tried: z.string().optional(),
  /** When those were sent. */
  triedAt: z.string().optional(),
});
export type StackReport = z.infer<typeof StackReport>;
/** `version`: asked again with it, the host answers when it has something else to say. */
export const StackReports = z.looseObject({ stacks: z.array(StackReport), version: z.string().optional() });

export type Judgement =
  | { readonly kind: "healthy" }
  | { readonly kind: "failed" | "waiting"; readonly reason: string }
  /** This host does not run it, and says nothing of it. */
  | { readonly kind: "nothing" };

/** What a site took, as it said. */
export interface Sent {
  readonly digest: string;
  readonly deployedAt: string;
}

/** How far a host has come with these files. What it says of other files, or of an earlier try with these, is old news. */
export function judgeStack(report: StackReport | undefined, { digest, deployedAt }: Sent): Judgement {
  if (report === undefined || report.state === "elsewhere") return { kind: "nothing" };
  const [reason] = report.reasons;
  if (report.state === "refused" || report.state === "failed") {
    if (report.tried === digest && (report.triedAt ?? deployedAt) === deployedAt)
      return { kind: "failed", reason: report.reasons.join("\n") || report.state };
    return { kind: "waiting", reason: "the host still speaks of the try before" };
  }
  if (report.digest !== digest) return { kind: "waiting", reason: reason ?? "it is being started" };
  if (report.state === "running") return { kind: "healthy" };
  return { kind: "waiting", reason: reason ?? `it is ${report.state}` };
}
