import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileStat, type Host, LocalHost, type RunOptions, type RunResult, UnreachableError } from "@zcloud/host";
import { loadKeys, signedText } from "@zcloud/map";
import { debian } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { World } from "../world.test-support.ts";
import { enrollHost } from "./enroll-host.ts";

/** A host whose root is a directory here: real openssl, real files, its own /etc/zcloud. */
class Chroot implements Host {
  readonly name: string;
  readonly root: string;
  readonly #local = new LocalHost();
  wrote: string[] = [];

  constructor(name: string, root: string) {
    this.name = name;
    this.root = root;
  }

  async run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    // What sshd says to its certificate is in libs/daemons/sshd.
    if (["/usr/sbin/sshd", "systemctl", "sh"].includes(argv[0] ?? "")) return { status: 0, stdout: "", stderr: "" };
    // A zcloud's firewall is no test's business on this machine; the lab shows it.
    if (this.name.endsWith("/zcloud")) throw new UnreachableError("reach it: timed out", "is it up?", false);
    if (argv[0] === "node") return this.#enroll(argv.slice(3));
    if (argv[0] === "curl") return { status: 7, stdout: "", stderr: "" };
    return this.#local.run(
      argv.map((arg) => (arg.startsWith("/etc/") ? this.root + arg : arg)),
      options,
    );
  }

  /** What dist/enroll.js does there; that the bundle works is shown in the lab. */
  async #enroll([id = "", fqdn = "", acme]: readonly string[]): Promise<RunResult> {
    try {
      const enrolled = await enrollHost(this, { id, fqdn, acme: acme === "acme" });
      return { status: 0, stdout: JSON.stringify(enrolled), stderr: "" };
    } catch (error) {
      return { status: 1, stdout: "", stderr: (error as Error).message };
    }
  }

  read = (path: string) => this.#local.read(this.root + path);
  list = (path: string) => this.#local.list(this.root + path);
  remove = (path: string) => this.#local.remove(this.root + path);
  stat = (path: string): Promise<FileStat | undefined> => this.#local.stat(this.root + path);
  async write(path: string, content: string | Uint8Array, options: { mode?: number } = {}): Promise<void> {
    this.wrote.push(path);
    await this.#local.write(this.root + path, content, options);
  }
  async close(): Promise<void> {}
}

/** An operator's machine with the openssl of Debian 13, which speaks otherwise than that of Debian 12. */
class Debian13 extends LocalHost {
  override run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    const [program = "", ...args] = argv;
    return super.run(program === "openssl" ? debian("/usr/bin/openssl", ...args) : argv, options);
  }
}

let base: string;
let directory: string;
let world: World;
const hosts = new Map<string, Chroot>();
const local = new LocalHost();
const at = (path: string) => join(directory, path);

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "zctl-pki-"));
  directory = join(base, "installation");
  mkdirSync(join(directory, "secrets"), { recursive: true, mode: 0o700 });
  mkdirSync(join(base, "dist"));
  await local.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", at("secrets/operator")]);
  const key = readFileSync(at("secrets/operator.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  cpSync(new URL("../../../../deploy/maps/lab.yaml", import.meta.url).pathname, at("zcloud.yaml"));
  writeFileSync(at("zcloud.yaml"), readFileSync(at("zcloud.yaml"), "utf8").replace(/ssh-ed25519 [A-Za-z0-9+/=]+/, key));
  world = new World(directory);
  world.local = new Debian13();
  world.host = ((id: string) => {
    const host = hosts.get(id) ?? newHost(id);
    hosts.set(id, host);
    return host;
  }) as never;
}, 60_000);
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** As its first boot leaves it: with a key for SSH that nobody has signed. */
function newHost(id: string): Chroot {
  mkdirSync(join(base, id, "etc/ssh"), { recursive: true });
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(base, id, "etc/ssh/ssh_host_ed25519_key")]);
  return new Chroot(id, join(base, id));
}

const text = (id: string, path: string) => readFileSync(join(base, id, path), "utf8");
const mode = (path: string) => statSync(path).mode & 0o777;

test("pki: keys are made on the hosts, certificates fit the map, nothing secret comes here", async () => {
  expect(await world.zctl("pki"), world.err).toBe(0);
  expect(mode(at("secrets/ca.key"))).toBe(0o600);
  const loaded = loadKeys(readFileSync(at("zcloud.keys.json"), "utf8"), "zcloud.keys.json");
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join());
  expect(Object.keys(loaded.keys.hosts)).toHaveLength(10);
  expect(loaded.keys.acmeThumbprint).toMatch(/^[\w-]{43}$/);

  for (const [id, { root }] of hosts) {
    if (id.endsWith("/zcloud")) continue;
    expect(mode(join(root, "etc/zcloud/pki/host.key"))).toBe(0o600);
    expect(mode(join(root, "etc/zcloud/pki/bus.nk"))).toBe(0o600);
    const [site = "", name = ""] = id.split("/");
    const cert = new X509Certificate(text(id, "etc/zcloud/pki/host.crt"));
    expect(cert.checkHost(`${name}.${site}.zcloud.internal`)).toBeDefined();
    expect(cert.checkHost(`${name}.${site}`)).toBeDefined();
    expect(cert.verify(new X509Certificate(loaded.keys.ca).publicKey)).toBe(true);
    expect(cert.ca).toBe(false);
    const verified = await local.run([
      "openssl",
      "verify",
      "-x509_strict",
      "-purpose",
      "sslserver",
      "-CAfile",
      join(root, "etc/zcloud/pki/ca.crt"),
      join(root, "etc/zcloud/pki/host.crt"),
    ]);
    expect(verified.stdout + verified.stderr).toContain(": OK");
    const key = text(id, "etc/zcloud/pki/host.key").split("\n")[1] ?? "";
    for (const file of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
      if (statSync(at(file)).isFile()) expect(readFileSync(at(file), "utf8")).not.toContain(key);
    }
  }
  const account = "etc/zcloud/pki/acme-account.key";
  expect(text("south/zfront", account)).toBe(text("north/zfront", account));
  expect(mode(join(base, "south/zfront", account))).toBe(0o600);
});

test("pki signed every host's SSH key, zclouds' too; a single key that was trusted before goes", async () => {
  expect(mode(at("secrets/ssh-ca"))).toBe(0o600);
  const authority = readFileSync(at("secrets/ssh-ca.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  expect(readFileSync(at("known_hosts"), "utf8")).toBe(`@cert-authority * ${authority}\n`);
  expect(hosts.size).toBe(12);
  for (const [id, { root }] of hosts) {
    const printed = await local.run(["ssh-keygen", "-L", "-f", join(root, "etc/ssh/ssh_host_ed25519_key-cert.pub")]);
    expect(printed.stdout).toContain("ssh-ed25519-cert-v01@openssh.com host certificate");
    expect(printed.stdout).toMatch(new RegExp(`Principals: *\n *${id}\n`));
    expect(text(id, "etc/ssh/sshd_config.d/00-zcloud-identity.conf")).toContain("\nHostCertificate /etc/ssh/");
  }
  writeFileSync(at("known_hosts"), `north/znet ssh-ed25519 AAAA\n${readFileSync(at("known_hosts"), "utf8")}`);
  expect(await world.zctl("pki")).toBe(0);
  expect(readFileSync(at("known_hosts"), "utf8")).toBe(`@cert-authority * ${authority}\n`);
});

test("pki again changes nothing; a renewal signs for the same keys", async () => {
  const before = readFileSync(at("zcloud.keys.json"), "utf8");
  for (const host of hosts.values()) host.wrote = [];
  expect(await world.zctl("pki", "--json")).toBe(0);
  expect(JSON.parse(world.out)).toMatchObject({ v: 1, authority: "kept", keysChanged: false, accountGivenTo: [] });
  expect([...hosts.values()].flatMap(({ wrote }) => wrote)).toEqual([]);
  const old = new X509Certificate(text("north/znet", "etc/zcloud/pki/host.crt"));
  expect(await world.zctl("pki", "--renew")).toBe(0);
  const fresh = new X509Certificate(text("north/znet", "etc/zcloud/pki/host.crt"));
  expect(fresh.serialNumber).not.toBe(old.serialNumber);
  expect(fresh.publicKey.equals(old.publicKey)).toBe(true);
  expect(readFileSync(at("zcloud.keys.json"), "utf8")).toBe(before);
});

test("pki refuses a host that says it is another", async () => {
  writeFileSync(join(base, "south/zmah1/etc/zcloud/host.json"), '{"id":"north/zmah1"}');
  expect(await world.zctl("pki")).toBe(1);
  expect(world.out).toContain("south/zmah1: enroll south/zmah1: /etc/zcloud/host.json says north/zmah1");
  writeFileSync(join(base, "south/zmah1/etc/zcloud/host.json"), '{"id":"south/zmah1"}');
});

test("pki leaves a host alone that has another installation's authority, until told to take it over", async () => {
  const path = join(base, "north/zmah1/etc/zcloud/pki/ca.crt");
  const ours = readFileSync(path, "utf8");
  writeFileSync(path, ours.replace("A", "B"));
  expect(await world.zctl("pki")).toBe(1);
  expect(world.out).toContain("north/zmah1: it has the authority of another installation");
  expect(readFileSync(path, "utf8")).not.toBe(ours);
  expect(await world.zctl("pki", "--renew")).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(ours);
});

test("apply signs once; real ssh-keygen takes the signature with the hosts' own trust root, and no changed text", async () => {
  expect(await world.zctl("apply", "--no-wait"), world.out + world.err).toBe(3);
  expect(world.out).toContain("north/zcloud is unreachable from here");
  expect(world.out).toContain("Map 1, signed by lab, is on 10 hosts");
  const signed = JSON.parse(text("south/zpod1", "etc/zcloud/map.json"));
  const sig = join(base, "sig");
  writeFileSync(sig, signed.signature);
  const verify = (input: string) =>
    local.run(
      [
        "ssh-keygen",
        "-Y",
        "verify",
        "-n",
        "zcloud-map",
        "-I",
        signed.signer,
        "-f",
        join(base, "south/zpod1/etc/zcloud/operators"),
        "-s",
        sig,
      ],
      { input },
    );
  expect((await verify(signedText(1, signed.map, signed.keys))).status).toBe(0);
  expect((await verify(signedText(2, signed.map, signed.keys))).status).not.toBe(0);

  expect(await world.zctl("apply", "--no-wait")).toBe(3);
  expect(world.out).toContain("Map 1 was in force already");
  writeFileSync(at("zcloud.yaml"), `${readFileSync(at("zcloud.yaml"), "utf8")}# a change\n`);
  expect(await world.zctl("apply", "--no-wait", "--json")).toBe(3);
  const unreachable = ["north/zcloud", "south/zcloud"];
  expect(JSON.parse(world.out)).toMatchObject({ v: 1, generation: 2, changed: true, unreachable, failed: [] });
});

test("apply needs a key of an operator of the map", async () => {
  await local.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(base, "stranger")]);
  writeFileSync(at("zcloud.yaml"), `${readFileSync(at("zcloud.yaml"), "utf8")}# another\n`);
  expect(await world.zctl("apply", "--no-wait", "--key", join(base, "stranger"))).toBe(1);
  expect(world.err).toContain("is not the key of an operator of the map (lab)");
});
