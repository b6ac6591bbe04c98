import { execFileSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, debian, freePorts, rootfsPath, startDaemon } from "@zcloud/testing";
import { afterAll, expect, test } from "vitest";
import { openControl } from "./control.ts";
import { labMap } from "./lab-map.test-support.ts";
import { renderNames } from "./records.ts";
import { productionPlaces, renderUnbound } from "./render.ts";

const root = mkdtempSync(join(tmpdir(), "zc-unbound-golden-"));
const daemons: Daemon[] = [];
afterAll(async () => {
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  rmSync(root, { recursive: true, force: true });
});

const lab = labMap();
const cases = [
  { name: "lab-north", map: lab, site: "north" },
  { name: "public-south", map: { ...lab, dns: { upstreams: ["1.1.1.1", "9.9.9.9"] } }, site: "south" },
];

test.each(cases)("$name: unbound-checkconf accepts the golden configuration", async ({ name, map, site }) => {
  const golden = new URL(`golden/${name}.conf`, import.meta.url).pathname;
  const production = productionPlaces(map, site);
  const rendered = renderUnbound(map, site, production);
  await expect(rendered).toMatchFileSnapshot(golden);
  cpSync(`${rootfsPath}/usr/share/dns/root.key`, join(root, "root.key"));
  writeFileSync(join(root, "names.conf"), renderNames(new Map([["hello.lab.example", "10.64.1.3"]])));
  // What is not on this machine: the user, and the directories of the host.
  const here = rendered
    .replaceAll(production.names, join(root, "names.conf"))
    .replaceAll(production.trustAnchor, join(root, "root.key"))
    .replace('username: "unbound"', 'username: ""')
    .replace('directory: "/etc/unbound"', `directory: "${root}"`);
  const config = join(root, `${name}.conf`);
  writeFileSync(config, here);
  const [program, ...args] = debian("/usr/sbin/unbound-checkconf", config);
  expect(execFileSync(program, args, { encoding: "utf8" })).toContain("no errors");
});

test("other names come from the upstream; a name is ours while it has a record, and theirs after", async () => {
  const [port = 0, upstream = 0] = await freePorts(2);
  const upstreamConfig = `server:
  interface: 127.0.0.1
  port: ${upstream}
  username: ""
  directory: "${root}"
  chroot: ""
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  local-zone: "lab.example." static
  local-data: "hello.lab.example. 1 IN A 198.51.100.10"
  local-data: "client.lab.example. 1 IN A 192.0.2.99"
remote-control:
  control-enable: yes
  control-interface: "${join(root, "up-ctl")}"
  control-use-cert: no
`;
  const control = join(root, "ctl");
  const names = join(root, "own-names.conf");
  const places = {
    ...productionPlaces(lab, "north"),
    interfaces: ["127.0.0.1"],
    port,
    names,
    control,
    user: "",
    directory: root,
  };
  // Unbound does not ask loopback unless told so.
  const own = renderUnbound(lab, "north", places)
    .replace("forward-addr: 192.0.2.53", `forward-addr: 127.0.0.1@${upstream}`)
    .replace("server:\n", "server:\n    do-not-query-localhost: no\n");
  writeFileSync(names, renderNames(new Map([["hello.lab.example", "10.64.1.3"]])));
  writeFileSync(join(root, "up.conf"), upstreamConfig);
  writeFileSync(join(root, "own.conf"), own);
  for (const [config, socket] of [
    ["up.conf", "up-ctl"],
    ["own.conf", "ctl"],
  ] as const) {
    const argv = debian("/usr/sbin/unbound", "-d", "-p", "-c", join(root, config));
    daemons.push(await startDaemon(argv, async () => (await openControl(join(root, socket)).ask("status")) !== ""));
  }
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  expect(await resolver.resolve4("client.lab.example")).toEqual(["192.0.2.99"]);
  expect(await resolver.resolve4("hello.lab.example")).toEqual(["10.64.1.3"]);
  await openControl(control).ask("local_data_remove hello.lab.example.");
  expect(await resolver.resolve4("hello.lab.example")).toEqual(["198.51.100.10"]);
});
