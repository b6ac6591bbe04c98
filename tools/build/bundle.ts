import { defineConfig } from "tsup";

/** One self-contained file per app (and per entry of `more`): hosts have Node and nothing of ours besides. Some dependencies are CommonJS, hence the banner. */
export function bundle(app: string, more: Readonly<Record<string, string>> = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: { [app]: "src/main.ts", ...more },
    splitting: false,
    format: ["esm"],
    platform: "node",
    target: "node20",
    noExternal: [/.*/],
    clean: true,
    minifySyntax: true,
    silent: true,
    banner: { js: 'import { createRequire as __cr } from "node:module"; const require = __cr(import.meta.url);' },
  });
}
