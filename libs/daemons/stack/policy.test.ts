import { formatProblem } from "@zcloud/map";
import { describe, expect, it } from "vitest";
import { testMap } from "./stack.test-support.ts";
import { checkNormalised, readStack } from "./stack.ts";

function problems(compose: string, files: Record<string, string> = {}, tenant = "demo"): readonly string[] {
  const result = readStack({ tenant, project: "site", files: { "compose.yaml": compose, ...files } }, testMap());
  return result.ok ? [] : result.problems.map(formatProblem);
}

/** A file with one service which has these further lines. */
function service(...lines: string[]): string {
  return ["services:", "  web:", "    image: nginx:1", ...lines.map((line) => `    ${line}`), ""].join("\n");
}

describe("what a tenant may not ask for", () => {
  const refused: readonly (readonly [string, string])[] = [
    ["privileged: true", "services.web.privileged  makes the container root of the host; remove it"],
    ['privileged: "${P}"', "services.web.privileged  makes"],
    ["network_mode: host", "services.web.network_mode  gives the container the host's network"],
    ["network_mode: container:other", "services.web.network_mode  container:other shares a network"],
    ["pid: host", "services.web.pid  shows the processes of others"],
    ["ipc: host", "services.web.ipc  shares memory with others"],
    ["uts: host", "services.web.uts  takes part of the host"],
    ["userns_mode: host", "services.web.userns_mode  is set by the host"],
    ["cgroup: host", "services.web.cgroup  takes part of the host"],
    ["cgroup_parent: system.slice", "services.web.cgroup_parent  is set by the host"],
    ["cap_add: [NET_ADMIN]", "services.web.cap_add  gives rights over the host"],
    ["devices: [/dev/kvm]", "services.web.devices  takes part of the host"],
    ["device_cgroup_rules: ['c 1:3 mr']", "services.web.device_cgroup_rules  takes part of the host"],
    ["security_opt: [seccomp=unconfined]", "services.web.security_opt[0]  changes what protects the host"],
    ["security_opt: ['no-new-privileges:false']", "services.web.security_opt[0]  changes what protects the host"],
    ["sysctls: { net.core.somaxconn: 1 }", "services.web.sysctls  sets the kernel's parameters"],
    ["extends: { file: ../other.yaml, service: x }", "services.web.extends  reads other files than the stack's own"],
    ["env_file: /etc/passwd", "services.web.env_file  /etc/passwd is outside of the stack's directory"],
    ["env_file: [{ path: ../a.env }]", "services.web.env_file[0].path  ../a.env is outside of the stack's directory"],
    ["container_name: web", "services.web.container_name  stops a second copy"],
    ["build: .", "services.web.build  needs a build machine"],
    ['ports: ["8080:80"]', "services.web.ports[0]  publishes a fixed port"],
    ["ports: [{ target: 80, published: 80 }]", "services.web.ports[0]  publishes a fixed port"],
    ['ports: ["53/udp"]', "services.web.ports[0]  publishes UDP"],
    ["volumes: [/etc:/host]", "services.web.volumes[0]  /etc is a path of the host"],
    ["volumes: ['~/x:/x:ro']", "services.web.volumes[0]  ~/x is a path of the host"],
    ["volumes: [../x:/x:ro]", "services.web.volumes[0]  ../x is a path of the host"],
    ["volumes: [./nothing:/x:ro]", "services.web.volumes[0]  there is no nothing beside compose.yaml"],
    ["volumes: [/data]", "services.web.volumes[0]  the volume at /data has no name"],
    [
      "volumes: [{ type: bind, source: /run/podman/podman.sock, target: /s }]",
      "services.web.volumes[0]  /run/podman/podman.sock is a path of the host",
    ],
    ["volumes: [{ type: npipe, source: x, target: /s }]", "services.web.volumes[0].type  npipe is not for tenants"],
    ["volumes_from: [other]", "services.web.volumes_from  reaches outside of the stack"],
    [
      "labels: { zcloud.tenant: garden }",
      "services.web.labels.zcloud.tenant  zcloud.tenant is a label of the system's own",
    ],
    [
      "labels: [com.docker.compose.project=garden_wiki]",
      "services.web.labels[0]  com.docker.compose.project is a label",
    ],
    ["annotations: { run.oci.keep_original_groups: 1 }", "services.web.annotations  can change how podman runs"],
    ["extra_hosts: ['h:host-gateway']", "services.web.extra_hosts[0]  host-gateway leads into the host"],
    ["group_add: [keep-groups]", "services.web.group_add  keep-groups takes the host's groups"],
    ["logging: { driver: none }", "services.web.logging  goes round the system's log"],
    ["runtime: runc", "services.web.runtime  is chosen by the host"],
    ["oom_score_adj: -1000", "services.web.oom_score_adj  lets one container starve the host"],
    [
      "mem_limit: 2G",
      "services.web.mem_limit  is more than tenant demo has (1G); lower it, or raise tenants.demo.memory in the map",
    ],
    [
      'deploy: { resources: { limits: { cpus: "4" } } }',
      "services.web.deploy.resources.limits.cpus  is more than tenant demo has (1)",
    ],
    [
      "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }",
      "services.web.deploy.resources.reservations  takes from other tenants",
    ],
    ["healthcheck: { start_interval: 1s }", "services.web.healthcheck.start_interval  is not known to podman"],
    [
      "networks: { default: { ipv4_address: 10.0.0.5 } }",
      "services.web.networks.default.ipv4_address  fixes an address",
    ],
    ["mem_limit: '${M:-64M}'", "services.web.mem_limit  must be written out"],
    ["deploy: { replicas: '${N}' }", "services.web.deploy.replicas  must be written out"],
    ["volumes: ['${P:-/etc}:/x']", "services.web.volumes[0]  must be written out"],
    ["env_file: '${F}'", "services.web.env_file  must be written out"],
    ["contianer: x", "services.web.contianer  is not a key that zCloud knows here"],
    ["imge: x", "services.web.imge  is not a key that zCloud knows here; did you mean image?"],
    [
      "x-zcloud: { names: [wiki.garden.example], port: 80 }",
      "services.web.x-zcloud.names[0]  wiki.garden.example is not a name of tenant demo",
    ],
    ["x-zcloud: { names: [hello.lab.example] }", "services.web.x-zcloud.port  must be the port"],
    ["x-zcloud: { port: 80, tls: own }", "services.web.x-zcloud.tls  must be passthrough"],
    ["x-zcloud: { port: 80, tls: passthrough }", "services.web.x-zcloud.tls  connections are told apart by name"],
    [
      "x-zcloud: { names: [hello.lab.example/api], port: 80, tls: passthrough }",
      "x-zcloud.names[0]  tls: passthrough shows the front no paths; write hello.lab.example",
    ],
    [
      "x-zcloud: { names: [hello.lab.example], port: 80, tls: passthrough, hsts: 1d }",
      "services.web.x-zcloud.hsts  needs the front to read requests",
    ],
    ["x-zcloud: { port: 80, proxy_protocol: true }", "services.web.x-zcloud.proxy_protocol  is for tls: passthrough"],
    [
      "x-zcloud: { tcp: [{ public: 25 }] }",
      "x-zcloud.tcp[0].public  port 25 is not a port of tenant demo, which has 2525, 5432, 7008; use one of those, or add it to tenants.demo.ports",
    ],
    [
      "x-zcloud: { tcp: [{ public: 2525 }, { public: 443, port: 8443 }] }",
      "x-zcloud.tcp[1].public  port 443 is where the front serves names; write names: [...] and port: N instead",
    ],
    ["x-zcloud: { tcp: [2525] }", "x-zcloud.tcp[0]  must be a mapping, e.g. { public: 25, port: 2525 }"],
    ["x-zcloud: { tcp: 2525 }", "x-zcloud.tcp  must be a list of public ports"],
    [
      "x-zcloud: { tcp: [{ public: 2525, greets: 220 }] }",
      'x-zcloud.tcp[0].greets  must be what the service says first, in quotes, e.g. "220"',
    ],
    [
      'x-zcloud: { tcp: [{ public: 2525, greets: "a\\r\\n" }] }',
      "x-zcloud.tcp[0].greets  must be the first 1 to 32 letters, digits or signs",
    ],
    ["x-zcloud: { tcp: [{ public: 2525, port: 0 }] }", "x-zcloud.tcp[0].port  must be 1 to 65535"],
    ["x-zcloud: { tcp: [{ public: 2525, prot: 1 }] }", "x-zcloud.tcp[0].prot  is not a key of x-zcloud here"],
    [
      "x-zcloud: { names: [hello.lab.example], tcp: [{ public: 2525 }] }",
      "services.web.x-zcloud.port  must be the port",
    ],
    ["x-zcloud: { port: 80, helth: / }", "services.web.x-zcloud.helth  is not a key of x-zcloud here"],
    [
      "x-zcloud: { port: 80, answers_within: 5m }",
      "services.web.x-zcloud.answers_within  must be a time from 200ms to 60s",
    ],
  ];
  it.each(refused)("%s", (line, message) => {
    const found = problems(service(line));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^compose\.yaml:4:\d+ {2}/);
    expect(found[0]).toContain(message);
  });

  it.each([
    ["include: [../other.yaml]", "include  reads other files"],
    ["name: other", "name  must be site"],
    ["networks: { n: { external: true } }", "networks.n.external  belongs to nobody"],
    ["networks: { n: { name: garden_wiki_default } }", "networks.n.name  could be the name of another stack's"],
    ["networks: { n: { driver: macvlan } }", "networks.n.driver  takes part of the host"],
    ["configs: { c: { file: /etc/shadow } }", "configs.c.file  /etc/shadow is outside"],
    ["secrets: { s: { environment: HOME } }", "secrets.s.environment  reads the host's environment"],
    ["secrets: { s: { external: true } }", "secrets.s.external  belongs to nobody"],
    ["x-zcloud: { home: east }", "x-zcloud.home  there is no site east; the map has north and south"],
    ["x-zcloud: { home: north, placement: both }", "x-zcloud.placement  home says where it runs already"],
    [
      "{volumes: { v: { driver_opts: { device: / } } }, x-zcloud: { home: north }}",
      "volumes.v.driver_opts  can mount any part of the host",
    ],
    ["{volumes: { v: { external: true } }, x-zcloud: { home: north }}", "volumes.v.external  belongs to nobody"],
    [
      "{volumes: { v: { name: garden_wiki_pages } }, x-zcloud: { home: north }}",
      "volumes.v.name  could be the name of another stack's",
    ],
  ])("at the top: %s", (line, message) => {
    const text = line.startsWith("{") ? `{services: { web: { image: a } }, ${line.slice(1)}` : `${line}\n${service()}`;
    const found = problems(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^compose\.yaml:1:\d+ {2}/);
    expect(found[0]).toContain(message);
  });
});

describe("a refusal", () => {
  it("names all problems at once, in the order of the file", () => {
    const found = problems(service("pid: host", "cap_add: [ALL]", "x-zcloud: { port: 0 }"));
    expect(found.map((line) => line.split("  ")[1])).toEqual([
      "services.web.pid",
      "services.web.cap_add",
      "services.web.x-zcloud.port",
    ]);
  });

  it("shows what an anchor brings in where the anchor stands", () => {
    const text = `x-base: &base\n  privileged: true\n${service("<<: *base")}`;
    expect(problems(text)).toEqual([
      "compose.yaml:2:3  services.web.privileged  makes the container root of the host; remove it",
    ]);
  });

  it("says what is wrong with a file that is not YAML, or not a mapping", () => {
    expect(problems("services: [")[0]).toMatch(/^compose\.yaml:1:12 {2}/);
    expect(problems("services: {}\n---\nservices: {}\n")).toEqual([
      "compose.yaml:2:1  a second document begins here; a stack has one",
    ]);
    expect(problems("- a\n- b")).toEqual([expect.stringContaining("must be a mapping with services:")]);
    expect(problems("a: &a [*b]")).toHaveLength(1);
    expect(problems("services: 3")).toEqual(["compose.yaml:1:11  services  must be a mapping"]);
  });

  it("does not follow aliases that multiply", () => {
    const lines = [
      "a: &a [x, x, x, x, x, x, x, x, x, x]",
      ...[..."bcdefgh"].map(
        (letter, index) => `${letter}: &${letter} [${Array(10).fill(`*${"abcdefg"[index]}`).join(", ")}]`,
      ),
    ];
    expect(problems(lines.join("\n"))[0]).toContain("can't be read");
  });

  it("counts the tenant's memory and volumes over the whole stack", () => {
    const two =
      "services:\n  a: { image: a, mem_limit: 600M }\n  b: { image: b, deploy: { replicas: 2, resources: { limits: { memory: 300M } } } }\n";
    expect(problems(two)).toEqual([
      "compose.yaml:1:1  services  a 600M + b 2 x 300M = 1.2G is more memory than tenant demo has (1G); lower deploy.resources.limits.memory, or raise tenants.demo.memory in the map",
    ]);
    expect(
      problems(
        `${service("volumes: [v:/v]")}volumes: { v: { x-zcloud: { size: 11G } } }\nx-zcloud: { home: north }`,
      )[0],
    ).toContain("11G is more than tenant demo has for volumes (10G)");
  });

  it("asks for a home where there are volumes, and for one writer", () => {
    const volumes = "volumes: { v: {} }\n";
    expect(problems(service("volumes: [v:/v]") + volumes)).toEqual([
      "compose.yaml:5:1  volumes  volume v needs one site that writes it; add x-zcloud: { home: north } at the top level",
    ]);
    expect(problems(`${service("volumes: [v:/v]") + volumes}x-zcloud: { placement: both }`)[0]).toContain(
      "x-zcloud.placement  volume v needs one site",
    );
    expect(problems(`${service("volumes: [v:/v]") + volumes}x-zcloud: { role: zmah }`)).toEqual([]);
    expect(
      problems(`${service("volumes: [v:/v]", "deploy: { replicas: 2 }") + volumes}x-zcloud: { home: north }`)[0],
    ).toContain("2 containers would write volume v");
    expect(problems(service("volumes: [v:/v]"))[0]).toContain("there is no volume v; add it under volumes:");
  });

  it("knows the tenant, and keeps files inside", () => {
    expect(problems(service(), {}, "nobody")).toEqual([
      "compose.yaml:1:1  there is no tenant nobody; the map has demo, garden",
    ]);
    for (const path of ["../a", "/etc/a", "a//b", "a/../b", ""])
      expect(problems(service(), { [path]: "x" })[0]).toContain("must be a relative path");
    expect(problems(service(), { ".zcloud/resolved.yaml": "x" })[0]).toContain(
      ".zcloud is where the host keeps its own files",
    );
    expect(problems(service(), { big: "x".repeat(600_000) })[0]).toContain("at most 524288 can travel");
  });
});

describe("what a tenant may ask for", () => {
  it.each([
    ["privileged: false"],
    ["read_only: true"],
    ["tmpfs: [/tmp]"],
    ["volumes: [./html:/www:ro, './conf/a.conf:/a:ro']"],
    ["volumes: [{ type: bind, source: ./html, target: /www, read_only: true }, { type: tmpfs, target: /t }]"],
    ["env_file: a.env"],
    ["ports: [80]"],
    ["ports: [{ target: 80 }]"],
    ["cap_drop: [ALL]"],
    ["security_opt: ['no-new-privileges:true']"],
    ["environment: { A: '${B:-c}' }"],
    ["x-anything: { of: the user's }"],
    [
      "x-zcloud: { names: [hello.lab.example, a.demo.lab.example], port: 8080, health: /healthz, answers_within: 1.5s }",
    ],
    ["image: 'registry.example:5000/a/b-c:1@sha256:0123456789012345678901234567890123456789012345678901234567890123'"],
  ])("%s", (line) => {
    const text = line.startsWith("image:") ? `services:\n  web:\n    ${line}\n` : service(line);
    expect(problems(text, { "html/index.html": "x", "conf/a.conf": "x", "a.env": "A=1" })).toEqual([]);
  });
});

describe("the normalised model", () => {
  const files = { "compose.yaml": service("pid: '${P}'", "<<: { cap_add: ['${C}'] }") };

  it("is checked with what variables brought in, and shown in the user's file", () => {
    const compose = "services:\n  web:\n    image: a\n    group_add: ['${G}']\n";
    const stack = { tenant: "demo", project: "site", files: { "compose.yaml": compose } };
    expect(readStack(stack, testMap()).ok).toBe(true);
    const normalised = compose.replace("${G}", "keep-groups");
    const result = checkNormalised(stack, testMap(), normalised, "/srv/stacks/demo/site");
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      "compose.yaml:4:16  services.web.group_add  keep-groups takes the host's groups along; name the groups",
    ]);
  });

  it("may have compose's own names and paths, and nobody else's", () => {
    const stack = { tenant: "demo", project: "site", files: { ...files, "html/a": "x" } };
    const model = (network: string, source: string) =>
      `name: demo_site\nservices: { web: { image: a, volumes: [{ type: bind, source: ${source}, target: /x, read_only: true, bind: { create_host_path: true } }] } }\nnetworks: { default: { name: ${network} } }\n`;
    const check = (text: string) => {
      const result = checkNormalised(stack, testMap(), text, "/srv/stacks/demo/site");
      return result.ok ? [] : result.problems.map(({ path }) => path);
    };
    expect(check(model("demo_site_default", "/srv/stacks/demo/site/html"))).toEqual([]);
    expect(check(model("garden_wiki_default", "/srv/stacks/demo/site/html"))).toEqual(["networks.default.name"]);
    expect(check(model("demo_site_default", "/srv/stacks/demo/site2/html"))).toEqual(["services.web.volumes[0]"]);
    expect(check(model("demo_site_default", "/srv/stacks/demo/site/../x"))).toEqual(["services.web.volumes[0]"]);
  });
});
