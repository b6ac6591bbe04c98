import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { applyFile, LocalHost, observeFiles } from "@zcloud/host";
import { type FileAction, type FileSet, planFiles, type Reconciler } from "@zcloud/reconcile";
import type { RoleDefinition } from "./role.ts";

/**
 * A role that keeps one file, `<directory>/file`, as the map's domain. A domain that starts with `slow` takes a second
 * to apply, one that starts with `broken` can't be applied.
 */
export function demoRole(directory: string): RoleDefinition {
  const host = new LocalHost();
  const path = join(directory, "file");
  const file: Reconciler<FileSet, FileSet, FileAction> = {
    name: "file",
    observe: () => observeFiles(host, [path]),
    plan: planFiles,
    async apply(action) {
      const content = action.kind === "write-file" ? action.spec.content : "";
      if (content.startsWith("broken")) throw new Error("the disk is on fire");
      if (content.startsWith("slow")) {
        writeFileSync(join(directory, "begun"), "");
        await pause(1_000);
      }
      await applyFile(host, action);
    },
  };
  return {
    role: "zpod",
    start(ctx) {
      const loop = ctx.loop({
        reconciler: file,
        desired: ({ map }) => new Map([[path, { content: `${map.domain}\n`, mode: 0o644 }]]),
        backoff: { initialMs: 50, maxMs: 50 },
      });
      return {
        loops: [loop],
        routes(app) {
          app.get("/v1/hello", () => ({ hello: ctx.view().self.id }));
          app.post("/v1/crash", () => {
            setImmediate(() => {
              throw new Error("a bug");
            });
            return {};
          });
        },
        facts: () => ({ written: existsSync(path) }),
        problems: () => (existsSync(join(directory, "trouble")) ? [{ what: "trouble", remedy: "remove it" }] : []),
      };
    },
  };
}
