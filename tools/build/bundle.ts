import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "tsup";
import { publish } from "./publish.ts";

/**
 * One self-contained file per app (and per entry of `more`): hosts have Node and nothing of ours besides. Some
 * dependencies are CommonJS, hence the banner. Built elsewhere and then moved: a deployment may be reading `dist`.
 */
export function bundle(app: string, more: Readonly<Record<string, string>> = {}): ReturnType<typeof defineConfig> {
  const outDir = join(tmpdir(), `zcloud-build-${app}-${process.pid}`);
  return defineConfig({
    entry: { [app]: "src/main.ts", ...more },
    outDir,
    splitting: false,
    format: ["esm"],
    platform: "node",
    target: "node20",
    noExternal: [/.*/],
    minifySyntax: true,
    silent: true,
    banner: { js: 'import { createRequire as __cr } from "node:module"; const require = __cr(import.meta.url);' },
    onSuccess: () => publish(outDir, "dist"),
  });
}
