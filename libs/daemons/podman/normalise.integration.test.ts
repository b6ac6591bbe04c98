import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { formatProblem } from "@zcloud/map";
import { debian } from "@zcloud/testing";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { testMap } from "../stack/stack.test-support.ts";
import { desiredStacks } from "./desired.ts";
import { normalise } from "./normalise.ts";
import { stack } from "./podman.test-support.ts";
import type { Sandbox } from "./sandbox.ts";

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

/** Where systemd can't be asked: a mount namespace in which the files stand where they will stand on the host. */
const namespaceSandbox: Sandbox = (argv, { from, as }) => {
  const script =
    'mount -t tmpfs none /srv && mkdir -p "$2" && mount --bind "$1" "$2" && cd "$2" && shift 2 && exec env -i PATH=/usr/bin:/bin "$@"';
  return ["unshare", "--mount", "--net", "sh", "-c", script, "sh", from, as, ...argv];
};

async function run(compose: string, files: Record<string, string> = {}) {
  const sent = { ...stack("site", compose), files: { "compose.yaml": compose, ...files } };
  const map = testMap();
  const self = map.sites[0]?.hosts[0];
  if (self === undefined) throw new Error("the map has no host");
  const desired = desiredStacks({
    map,
    self,
    entries: [sent],
    unreadable: new Map(),
    fresh: true,
    servedBy: new Map(),
    volumePath: (...parts) => `/srv/volumes/${parts.join("/")}`,
    volumeUnit: () => undefined,
  });
  const here = desired.here.get("demo/site");
  if (here === undefined) throw new Error(JSON.stringify([...desired.refused.values()]));
  const host = new LocalHost();
  const candidate = await mkdtemp(join(tmpdir(), "zcloud-stack-"));
  directories.push(candidate);
  for (const [path, text] of Object.entries({ ...sent.files, ".zcloud/override.yaml": here.override }))
    await host.write(join(candidate, path), text);
  const program = debian("/usr/libexec/docker/cli-plugins/docker-compose");
  const result = await normalise(sent, {
    host,
    map,
    candidate,
    signal: new AbortController().signal,
    sandbox: namespaceSandbox,
    program,
  });
  return result.ok
    ? { resolved: parse(result.resolved), problems: [] }
    : { resolved: undefined, problems: result.problems.map(formatProblem) };
}

describe("normalise, with the docker-compose of the hosts", () => {
  it("gives the file to run: merged, filled in, with the paths that the files will have", async () => {
    const { resolved, problems } = await run(
      "services:\n  web:\n    image: a:1\n    command: run ${MODE:-fast}\n    env_file: [a.env]\n    configs: [c]\n    volumes: ['./html:/www:ro']\n    x-zcloud: { names: [hello.lab.example], port: 80 }\nconfigs: { c: { file: ./c.conf } }\n",
      { "a.env": "A=1\n", "c.conf": "x", "html/index.html": "x" },
    );
    expect(problems).toEqual([]);
    expect(resolved).toMatchObject({
      name: "demo_site",
      services: {
        web: {
          image: "a:1",
          command: ["run", "fast"],
          environment: { A: "1" },
          cgroup_parent: "zcloud-demo.slice",
          volumes: [{ source: "/srv/stacks/demo/site/html", read_only: true }],
          ports: [{ host_ip: "10.64.1.17", target: 80 }],
        },
      },
      configs: { c: { file: "/srv/stacks/demo/site/c.conf" } },
    });
  });

  it("never shows our environment to a tenant's file", async () => {
    process.env["ZCLOUD_TEST_SECRET"] = "leaked";
    const { resolved } = await run(
      "services: { web: { image: a, environment: { S: '${ZCLOUD_TEST_SECRET:-nothing}', T: null } } }",
    );
    delete process.env["ZCLOUD_TEST_SECRET"];
    expect(resolved.services.web.environment).toEqual({ S: "nothing", T: null });
  });

  it("refuses what a variable brings in, at its place in the user's file", async () => {
    const groups = await run("services:\n  web:\n    image: a\n    group_add: ['${G:-keep-groups}']\n");
    expect(groups.problems).toEqual([
      "compose.yaml:4:16  services.web.group_add  keep-groups takes the host's groups along; name the groups",
    ]);
    const hosts = await run("services:\n  web:\n    image: a\n    extra_hosts: ['h:${H:-host}-gateway']\n");
    expect(hosts.problems).toEqual([expect.stringMatching(/^compose\.yaml:4:\d+ {2}services\.web\.extra_hosts/)]);
  });

  it("reports what compose finds", async () => {
    expect((await run("services:\n  web:\n    image: a\n    command: { a: 1 }\n")).problems).toEqual([
      expect.stringMatching(/^compose\.yaml:4:14 {2}services\.web\.command {2}docker-compose says: /),
    ]);
    expect((await run("services:\n  web:\n    image: a\n    depends_on: [db]\n")).problems).toEqual([
      expect.stringMatching(
        /^compose\.yaml:3:5 {2}services\.web {2}docker-compose says: service "web" depends on undefined service/,
      ),
    ]);
    expect((await run("services:\n  web:\n    image: a\n    command: run ${TAG:?set it}\n")).problems).toEqual([
      expect.stringContaining("required variable TAG is missing a value: set it"),
    ]);
  });
});
