import { execFileSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestCa, type Daemon, debian, freePorts, rootfsPath, startDaemon } from "@zcloud/testing";
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
  { name: "public-south", map: { ...lab, dns: { ...lab.dns, upstreams: ["1.1.1.1", "9.9.9.9"] } }, site: "south" },
  {
    name: "tls-north",
    map: { ...lab, dns: { upstreams: ["9.9.9.9"], certificates: { "9.9.9.9": "dns.quad9.net" } } },
    site: "north",
  },
];

test.each(cases)("$name: unbound-checkconf accepts the golden configuration", async ({ name, map, site }) => {
  const golden = new URL(`golden/${name}.conf`, import.meta.url).pathname;
  const production = productionPlaces(map, site);
  const rendered = renderUnbound(map, site, production);
  await expect(rendered).toMatchFileSnapshot(golden);
  cpSync(`${rootfsPath}/usr/share/dns/root.key`, join(root, "root.key"));
  writeFileSync(join(root, "names.conf"), renderNames(new Map([["hello.lab.example", ["A 10.64.1.3"]]])));
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
  writeFileSync(names, renderNames(new Map([["hello.lab.example", ["A 10.64.1.3"]]])));
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

test("over TLS: an upstream whose certificate has the map's name is asked, another is not", async () => {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const { ca, cert, key } = createTestCa(join(root, "ca"))("up", "DNS:dns.test.example");
  for (const [file, text] of Object.entries({ "up.crt": cert, "up.key": key, "up-ca.crt": ca }))
    writeFileSync(join(root, file), text);
  const upstream = `server:
  interface: 127.0.0.1@${tlsPort}
  tls-port: ${tlsPort}
  tls-service-key: "${join(root, "up.key")}"
  tls-service-pem: "${join(root, "up.crt")}"
  username: ""
  directory: "${root}"
  chroot: ""
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  local-zone: "secret.example." redirect
  local-data: "secret.example. 1 IN A 192.0.2.99"
remote-control:
  control-enable: yes
  control-interface: "${join(root, "tls-up-ctl")}"
  control-use-cert: no
`;
  writeFileSync(join(root, "tls-up.conf"), upstream);
  const start = async (name: string) => {
    const argv = debian("/usr/sbin/unbound", "-d", "-p", "-c", join(root, `${name}.conf`));
    const answers = async () => (await openControl(join(root, `${name}-ctl`)).ask("status")) !== "";
    const daemon = await startDaemon(argv, answers);
    daemons.push(daemon);
    return daemon;
  };
  await start("tls-up");
  const names = join(root, "no-names.conf");
  writeFileSync(names, renderNames(new Map()));
  const ask = async (certificate: string): Promise<string> => {
    const name = `own-${certificate}`;
    const dns = { upstreams: ["127.0.0.1"], certificates: { "127.0.0.1": certificate } };
    const own = {
      interfaces: ["127.0.0.1"],
      port,
      names,
      control: join(root, `${name}-ctl`),
      user: "",
      directory: root,
    };
    const text = renderUnbound({ ...lab, dns }, "north", { ...productionPlaces(lab, "north"), ...own })
      .replace("127.0.0.1@853#", `127.0.0.1@${tlsPort}#`)
      .replace("/etc/ssl/certs/ca-certificates.crt", join(root, "up-ca.crt"))
      .replace("server:\n", "server:\n    do-not-query-localhost: no\n");
    writeFileSync(join(root, `${name}.conf`), text);
    const daemon = await start(name);
    const resolver = new Resolver({ timeout: 5_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
    const found = await resolver.resolve4("www.secret.example").then(
      ([address]) => address ?? "",
      ({ code }: NodeJS.ErrnoException) => code ?? "",
    );
    await daemon.stop();
    return found;
  };
  expect(await ask("dns.test.example")).toBe("192.0.2.99");
  expect(await ask("dns.other.example")).toMatch(/ESERVFAIL|ETIMEOUT/);
});
