import { defineConfig } from "vitest/config";

/** What is asked of the lab here is mostly waiting, so something else may go on meanwhile (tools/checks/src/run-tests.ts). */
const patient = ["autonomy", "clock", "deploy", "disk-full", "metrics", "time", "zclouds"].map(
  (name) => `test/e2e/${name}.test.ts`,
);

const inTheLab = {
  sequence: { groupOrder: 2 },
  globalSetup: ["test/e2e/support/global-lab.ts"],
  testTimeout: 300_000,
  hookTimeout: 600_000,
  fileParallelism: false,
  maxWorkers: 1,
};

/**
 * unit: no daemons, no root. integration: real daemons on loopback. e2e: a lab of its own. One group after the other:
 * what fails over within a second in the lab must not share its two cores with ten HAProxies.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          globalSetup: ["libs/testing/src/left-behind.ts"],
          sequence: { groupOrder: 0 },
          // A process per file spends more on loading the same modules again than on tests: 80 s against 20 s.
          isolate: false,
          maxWorkers: 2,
          // What hangs is found; a machine that is busy is none of their business.
          testTimeout: 30_000,
          include: ["{apps,libs,tools}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", "**/*.integration.test.ts"],
        },
      },
      {
        test: {
          name: "integration",
          globalSetup: ["libs/testing/src/left-behind.ts"],
          sequence: { groupOrder: 1 },
          include: ["{apps,libs,tools}/**/*.integration.test.ts"],
          exclude: ["**/node_modules/**"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "e2e-patient",
          include: patient,
          ...inTheLab,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: [...patient, "test/e2e/ceph.test.ts"],
          ...inTheLab,
        },
      },
      {
        test: {
          // A lab with another map, which the file makes itself.
          name: "ceph",
          sequence: { groupOrder: 3 },
          include: ["test/e2e/ceph.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
