import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "./commands.ts";
import { errorCodes, exits } from "./exit.ts";
import { World } from "./world.test-support.ts";

const text = readFileSync(new URL("../../../docs/reference/zctl.md", import.meta.url), "utf8");
const here = new URL("./", import.meta.url);

/** The documented shapes: name of the command -> document. */
const shapes = new Map(
  [...text.matchAll(/```json (\S+)\n([\s\S]*?)```/g)].map(([, name = "", body = ""]) => [name, JSON.parse(body)]),
);

test("every exit code stands in the reference, with the meaning that help has", () => {
  for (const [name, { code, meaning }] of Object.entries(exits))
    expect(text).toContain(`| ${code} | ${name} | ${meaning} |`);
});

test("every error code stands in the reference, and is one that the code uses", () => {
  const sources = readdirSync(here, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && path !== "exit.ts")
    .map((path) => readFileSync(new URL(path, here), "utf8"))
    .join("\n");
  for (const [code, meaning] of Object.entries(errorCodes)) {
    expect(text).toContain(`| \`${code}\` | ${meaning} |`);
    expect(sources, code).toContain(`"${code}"`);
  }
});

test("every command stands in the reference, with the shape of its document", () => {
  for (const { name, arguments: args = [] } of commands) {
    expect(text).toContain([`| \`zctl ${name}`, ...args.map((arg) => arg.name)].join(" "));
    if (name !== "ssh") expect([...shapes.keys()]).toContain(name);
  }
  for (const [name, shape] of shapes) expect(shape, name).toHaveProperty("v", 1);
});

test.each([
  ["check", ["check"]],
  ["check-stack", ["check", "deploy/stacks/hello", "--tenant", "demo"]],
  ["plan", ["plan"]],
  ["remove", ["remove", "demo/hello"]],
  ["status", ["status"]],
  ["routes", ["routes"]],
  ["certificates", ["certificates"]],
  ["certificates-retry", ["certificates", "retry", "hello.lab.example"]],
  ["drain", ["drain"]],
  ["drain-on", ["drain", "north/zpod1"]],
  ["undrain", ["undrain", "north/zpod1"]],
  ["maintenance", ["maintenance"]],
  ["uptime", ["uptime"]],
  ["events", ["events"]],
  ["completion", ["completion", "bash"]],
  ["completion-words", ["completion", "hosts"]],
  ["error", ["status", "--map", "/nonexistent"]],
])("the document of %s has the keys that the reference shows", async (name, [first = "", ...rest]) => {
  const repository = new URL("../../../", import.meta.url).pathname;
  const directory = mkdtempSync(join(tmpdir(), "zctl-shapes-"));
  try {
    cpSync(join(repository, "deploy/maps/lab.yaml"), join(directory, "zcloud.yaml"));
    const ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    writeFileSync(join(directory, "zcloud.keys.json"), JSON.stringify({ v: 1, ca, acmeThumbprint: null, hosts: {} }));
    const world = new World(directory);
    await world.zctl(first, ...rest.map((word) => word.replace(/^deploy\//, `${repository}deploy/`)), "--json");
    expect(Object.keys(JSON.parse(world.out)).sort()).toEqual(Object.keys(shapes.get(name)).sort());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
