import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { debian, golden } from "@zcloud/testing";
import { afterEach, expect, it } from "vitest";
import { parse } from "yaml";
import { renderOverride, userRange, userRanges } from "./override.ts";
import { testMap } from "./stack.test-support.ts";
import { readStack } from "./stack.ts";

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

const compose = `services:
  web:
    image: example/web:1
    ports: ["8080", "9090"]
    restart: unless-stopped
    deploy: { replicas: 2, resources: { limits: { memory: 64M } } }
    volumes: ["./html:/www:ro"]
    x-zcloud: { names: [hello.lab.example], port: 8080 }
  db:
    image: example/db:1
    mem_limit: 128m
    cpus: 0.25
    pids_limit: 100
    restart: "no"
    volumes: [data:/data]
volumes: { data: {} }
x-zcloud: { home: north }
`;
const files = { "compose.yaml": compose, "html/index.html": "<p>1</p>" };

function override(): string {
  const result = readStack({ tenant: "demo", project: "site", files }, testMap());
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return renderOverride(result.spec, {
    address: "10.64.1.17",
    volumes: new Map([["data", "/srv/volumes/demo/site/data"]]),
    digestOf: (read) => `digest-of-${read.join("+")}`,
  });
}

it("renders the golden override, which docker-compose merges over the tenant's file", async () => {
  golden(new URL("golden/override.yaml", import.meta.url), override());
  const directory = await mkdtemp(join(tmpdir(), "zcloud-override-"));
  directories.push(directory);
  for (const [path, text] of Object.entries({ ...files, ".zcloud/override.yaml": override() })) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  const argv = debian(
    "/usr/libexec/docker/cli-plugins/docker-compose",
    "-p",
    "demo_site",
    "-f",
    "compose.yaml",
    "-f",
    ".zcloud/override.yaml",
    "config",
  );
  const result = await new LocalHost().run(argv, { cwd: directory });
  expect(result).toMatchObject({ status: 0, stderr: "" });
  const merged = parse(result.stdout);
  expect(merged.services.web).toMatchObject({
    ports: [{ host_ip: "10.64.1.17", target: 8080, protocol: "tcp" }],
    userns_mode: `auto:uidmapping=0:${userRange("demo").base}:65536,gidmapping=0:${userRange("demo").base}:65536`,
    security_opt: ["no-new-privileges:true"],
    cgroup_parent: "zcloud-demo.slice",
    restart: "unless-stopped",
    mem_limit: "67108864",
    pids_limit: 512,
  });
  expect(merged.services.web.ports[0].published).toBeUndefined();
  expect(merged.services.db).toMatchObject({ restart: "no", mem_limit: "134217728", cpus: 0.25, pids_limit: 100 });
  expect(merged.services.db.ports ?? []).toEqual([]);
  expect(merged.volumes.data).toMatchObject({
    name: "demo_site_data",
    driver_opts: { device: "/srv/volumes/demo/site/data" },
  });
  expect(await readFile(join(directory, "compose.yaml"), "utf8")).toBe(compose);
});

it("gives every tenant a range of users within podman's pool, the same always", () => {
  for (let index = 0; index < 2000; index += 1) {
    const { base, size } = userRange(`tenant-${index}`);
    expect(base).toBeGreaterThanOrEqual(userRanges.first);
    expect(base + size).toBeLessThanOrEqual(userRanges.first + userRanges.size);
    expect((base - userRanges.first) % size).toBe(0);
  }
  expect(userRange("demo")).toEqual({ base: 1_708_654_592, size: 65_536 });
});
