import { createHash } from "node:crypto";
import { Label, RemovedStack, type Stack } from "@zcloud/events";
import { tenantOf, type ZMap } from "@zcloud/map";
import * as z from "zod";

const mostBytes = 512 * 1024;
const mostFiles = 200;

/** A path that stays inside the stack's directory. */
function inside(path: string): boolean {
  return path.length <= 200 && /^[\w.@+-]+(\/[\w.@+-]+)*$/.test(path) && !/(^|\/)\.{1,2}(\/|$)/.test(path);
}

/** What an operator sends: `zctl deploy`. */
export const Deployment = z.strictObject({
  tenant: Label,
  project: Label,
  files: z.record(z.string(), z.string()),
  actor: z.string().min(1).max(100),
});
export type Deployment = z.infer<typeof Deployment>;

export type Accepted =
  | { readonly ok: true; readonly stack: Stack }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The stack as it goes into the bucket, or everything that is wrong. Policy is checked by zctl before and by zpod after. */
export function acceptStack(body: unknown, map: ZMap, now: number): Accepted {
  const parsed = Deployment.safeParse(body);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
    return { ok: false, problems };
  }
  const { tenant, project, files, actor } = parsed.data;
  const problems: string[] = [];
  const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (tenantOf(map, tenant) === undefined)
    problems.push(`tenant: the map has no tenant ${tenant}; it has ${map.tenants.map(({ name }) => name).join(", ")}`);
  if (files["compose.yaml"] === undefined) problems.push("files: there is no compose.yaml");
  for (const path of Object.keys(files)
    .filter((one) => !inside(one))
    .slice(0, 10))
    problems.push(`files: ${path} is no path inside the stack's directory, of letters, digits and . _ @ + -`);
  if (bytes > mostBytes)
    problems.push(`files: ${bytes} bytes are too many; at most ${mostBytes}. Put data into images`);
  if (Object.keys(files).length > mostFiles) problems.push(`files: more than ${mostFiles}`);
  if (problems.length > 0) return { ok: false, problems };
  const deployedAt = new Date(now).toISOString();
  return { ok: true, stack: { v: 1, tenant, project, files, digest: digestOf(files), deployedAt, actor } };
}

/** The word that ends a stack; undefined where its names are none. */
export function removalOf(
  { tenant, project, actor }: Pick<RemovedStack, "tenant" | "project" | "actor">,
  now: number,
): RemovedStack | undefined {
  const removedAt = new Date(now).toISOString();
  const parsed = RemovedStack.safeParse({ v: 1, tenant, project, removed: true, removedAt, actor });
  return parsed.success ? parsed.data : undefined;
}

/** SHA-256 over the files in the order of their paths, each as a JSON pair; hex. The same at both sites. */
export function digestOf(files: Readonly<Record<string, string>>): string {
  const hash = createHash("sha256");
  for (const path of Object.keys(files).sort()) hash.update(`${JSON.stringify([path, files[path]])}\n`);
  return hash.digest("hex");
}
