/** The direction rules of the code base: apps -> libs, effects only at the edge. `tools/checks` proves that modules are seen. */
const pure = "^(libs/(map|events|reconcile)/src/|libs/daemons/[^/]+/(render|plan)[^/]*\\.ts$)";
const tests = "\\.(test|integration\\.test|test-support)\\.ts$";

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "apps-never-import-apps",
      severity: "error",
      from: { path: "^apps/([^/]+)/" },
      to: { path: "^apps/", pathNot: "^apps/$1/" },
    },
    { name: "libs-never-import-apps", severity: "error", from: { path: "^libs/" }, to: { path: "^apps/" } },
    {
      name: "products-never-import-tools",
      severity: "error",
      from: { path: "^(apps|libs)/", pathNot: "tsup\\.config\\.ts$" },
      to: { path: "^tools/" },
    },
    {
      name: "only-tests-import-testing",
      severity: "error",
      from: { path: "^(apps|libs)/", pathNot: [tests, "^libs/testing/"] },
      to: { path: "^libs/testing/" },
    },
    {
      name: "pure-rooms-have-no-effects",
      comment: "render, plan, map, events and reconcile are pure: text and data in, text and data out.",
      severity: "error",
      from: { path: pure, pathNot: tests },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "files-and-processes-live-in-libs-host",
      severity: "error",
      from: { path: "^(apps|libs)/", pathNot: ["^libs/(host|testing)/", tests, "tsup\\.config\\.ts$"] },
      to: { path: "^(node:)?(fs|fs/promises|child_process)$" },
    },
    {
      name: "dev-dependencies-stay-in-tests",
      severity: "error",
      from: { path: "^(apps|libs)/[^/]+/src/", pathNot: tests },
      to: { dependencyTypes: ["npm-dev"] },
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|node_modules|golden)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
