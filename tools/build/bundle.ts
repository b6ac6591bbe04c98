import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "tsup";
import { publish } from "./publish.ts";

/** What fastify requires for JSON schemas, which libs/service refuses, and for tests: a fifth of a service's text. */
const neverCalled = ["@fastify/ajv-compiler", "@fastify/fast-json-stringify-compiler", "light-my-request"] as const;

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
    // V8 keeps a script's text in memory, with two bytes a character where one of them is not ASCII. Names stay, for stack traces.
    minifyWhitespace: true,
    esbuildOptions(options) {
      options.charset = "ascii";
      options.legalComments = "external";
      options.external = [...neverCalled];
    },
    silent: true,
    banner: { js: 'import { createRequire as __cr } from "node:module"; const require = __cr(import.meta.url);' },
    onSuccess: () => publish(outDir, "dist"),
  });
}
