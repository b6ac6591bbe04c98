import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalHost } from "@zcloud/host";
import { tempDir } from "@zcloud/testing";
import { build } from "tsup";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { enrolledHost, testMap, testOperator } from "./map.test-support.ts";
import { releaseOf } from "./run-role.ts";

/** The demo role as a process of its own, bundled as apps are: `main.js DIRECTORY`. */
const bundle = tempDir();
const from = (file: string): string => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));
const source = `import { fakeBus } from ${from("bus.test-support.ts")};
import { demoRole } from ${from("demo-role.test-support.ts")};
import { runRole } from ${from("run-role.ts")};
const directory = process.argv[2];
const paths = { etc: directory + "/etc", state: directory + "/state", socket: directory + "/run/role.sock" };
await runRole(demoRole(directory), { paths, join: async () => fakeBus(), pollMs: 50 });
`;

beforeAll(async () => {
  writeFileSync(join(bundle, "main.ts"), source);
  await build({
    entry: { main: join(bundle, "main.ts") },
    outDir: bundle,
    config: false,
    silent: true,
    format: ["esm"],
    platform: "node",
    target: "node20",
    noExternal: [/.*/],
    outExtension: () => ({ js: ".mjs" }),
    banner: {
      js: 'import { createRequire as __cr } from "node:module"; const require = __cr(import.meta.url);',
    },
  });
});

const robin = testOperator(tempDir(), "robin");

let directory: string;
let child: ChildProcess | undefined;
let output = "";

beforeEach(() => {
  directory = tempDir();
  enrolledHost(directory, "north/zpod1", robin.line);
});
afterEach(() => child?.kill("SIGKILL"));

function launch(): Promise<number | null> {
  output = "";
  const launched = spawn(process.execPath, [join(bundle, "main.mjs"), directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child = launched;
  launched.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve) => launched.once("close", (code) => resolve(code)));
}

const writeMap = (generation: number, domain: string): void =>
  writeFileSync(join(directory, "etc/map.json"), JSON.stringify(robin.sign(generation, testMap(domain))));
const lines = (): { msg: string; problem?: string; level: string }[] =>
  output
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
const logged = (message: string): boolean => output.includes(`"msg":"${message}"`);
const patient = { timeout: 45_000 };

test("a stop lets the action under way finish, and ends with 0", async () => {
  writeMap(1, "slow.example");
  const exit = launch();
  await expect.poll(() => existsSync(join(directory, "begun")), patient).toBe(true);
  child?.kill("SIGTERM");
  expect(await exit).toBe(0);
  expect(readFileSync(join(directory, "file"), "utf8")).toBe("slow.example\n");
  expect(logged("service stopped")).toBe(true);
  expect(logged("something did not stop in time")).toBe(false);
});

test("bad configuration: every problem at once, and 78", async () => {
  writeFileSync(join(directory, "etc/host.json"), '{"id":"zpod1","extra":1}');
  writeFileSync(join(directory, "etc/operators"), "# nobody\n");
  expect(await launch()).toBe(78);
  const problems = lines().map((line) => line.problem ?? "");
  expect(problems).toHaveLength(3);
  expect(problems).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/host\.json: id: /),
      expect.stringMatching(/host\.json: .*extra/),
      expect.stringMatching(/operators: no operator's key/),
    ]),
  );
});

test("a bug ends it with 70, and the reason is the last line", async () => {
  writeMap(1, "lab.example");
  const exit = launch();
  await expect.poll(() => logged("role begun"), patient).toBe(true);
  const socket = join(directory, "run/role.sock");
  await new LocalHost().run(["curl", "-sS", "-X", "POST", "--unix-socket", socket, "http://agent/v1/crash"]);
  expect(await exit).toBe(70);
  expect(lines().at(-1)).toMatchObject({ level: "fatal", msg: "unhandled error", err: { message: "a bug" } });
});

test("a kill at any moment leaves nothing that keeps the next start from working", async () => {
  writeMap(1, "lab.example");
  const first = launch();
  await expect.poll(() => logged("service started"), patient).toBe(true);
  child?.kill("SIGKILL");
  await first;
  const second = launch();
  await expect.poll(() => logged("role begun"), patient).toBe(true);
  child?.kill("SIGTERM");
  expect(await second).toBe(0);
});

test("the version is the name of the release directory", () => {
  expect(releaseOf("file:///opt/zcloud/znet/releases/20261122-1a2b3c4d/znet.js")).toBe("20261122-1a2b3c4d");
  expect(releaseOf("file:///src/zcloud/libs/service/src/run-role.ts")).toBe("dev");
});
