import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { type Daemon, freePort, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SshAuthority, sshAuthority } from "./authority.ts";
import { identityPlaces, renderIdentity } from "./identity.ts";
import { hostTrust, withAuthority, withPin } from "./known-hosts.ts";
import { startSshd } from "./sshd.test-support.ts";

const local = new LocalHost();
const base = tempDir("zc-sshd-");
const at = (name: string) => join(base, name);
const daemons = new Map<string, { readonly daemon: Daemon; readonly port: number }>();
let ours: SshAuthority;

/** A host whose sshd shows its key, and what the authority says of it. */
async function host(name: string, certify: (publicKey: string) => Promise<string | undefined>): Promise<void> {
  const etc = at(`${name}/etc/ssh`);
  const [key, config] = [join(etc, "ssh_host_ed25519_key"), join(etc, "sshd_config.d/00-zcloud-identity.conf")];
  mkdirSync(join(etc, "sshd_config.d"), { recursive: true });
  mkdirSync(join(etc, "keys"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  const certificate = await certify(readFileSync(`${key}.pub`, "utf8"));
  if (certificate !== undefined) writeFileSync(`${key}-cert.pub`, certificate);
  writeFileSync(config, renderIdentity());
  copyFileSync(at("client.pub"), join(etc, "keys/root"));
  writeFileSync(join(etc, "sshd_config.d/01-test.conf"), "AuthorizedKeysFile /etc/ssh/keys/%u\n");
  const port = await freePort();
  daemons.set(name, { daemon: await startSshd(at(name), port), port });
}

/** What the real client does with a host that it asks for by this name, without anybody to answer a question. */
async function login(name: string, alias: string, knownHosts: string) {
  const options = [
    ...["HostName 127.0.0.1", `Port ${daemons.get(name)?.port}`, `HostKeyAlias ${alias}`, "User root"],
    ...["IdentitiesOnly yes", "IdentityAgent none", `IdentityFile ${at("client")}`],
    // No BatchMode: it must not even want to ask.
    ...hostTrust(at("known_hosts")),
  ];
  writeFileSync(at("known_hosts"), knownHosts);
  writeFileSync(at("config"), `Host there\n${options.map((option) => `  ${option}\n`).join("")}`);
  const done = await local.run(["setsid", "--wait", "ssh", "-F", at("config"), "there", "echo in"], {
    timeout: 20_000,
  });
  return { ...done, known: readFileSync(at("known_hosts"), "utf8") };
}

beforeAll(async () => {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at("client")]);
  mkdirSync(at("ours"));
  mkdirSync(at("theirs"));
  ours = await sshAuthority(local, at("ours"));
  const theirs = await sshAuthority(local, at("theirs"));
  await host("signed", (key) => ours.sign("north/zpod1", ["north/zpod1", "10.64.1.17"], key));
  await host("unsigned", async () => undefined);
  await host("stranger", (key) => theirs.sign("north/zpod1", ["north/zpod1"], key));
});

afterAll(async () => {
  await Promise.all([...daemons.values()].map(({ daemon }) => daemon.stop("SIGKILL")));
});

const onlyAuthority = () => withAuthority("", ours.publicKey);

test("the drop-in names the files that pki writes", () => {
  expect(renderIdentity()).toContain(`HostCertificate ${identityPlaces.certificate}\n`);
});

test("a signed host is known by the authority's line alone, under each of its names", async () => {
  for (const name of ["north/zpod1", "10.64.1.17"]) {
    const done = await login("signed", name, onlyAuthority());
    expect(done).toMatchObject({ status: 0, stdout: "in\n" });
    expect(done.known).toBe(onlyAuthority());
  }
});

test("it is not taken for another host", async () => {
  const done = await login("signed", "north/zfront", onlyAuthority());
  expect(done.status).toBe(255);
  expect(done.stderr).toMatch(/name is not a listed principal/);
});

test.each(["unsigned", "stranger"])("the key of a host that is %s is refused without a question", async (name) => {
  const done = await login(name, "north/zpod1", onlyAuthority());
  expect(done).toMatchObject({ status: 255, stdout: "" });
  expect(done.stderr).toMatch(/host key is known for north\/zpod1 and you have requested strict checking/);
  expect(done.known).toBe(onlyAuthority());
});

test("until it is signed, a host is known by the key that the operator compared; and no other", async () => {
  const key = readFileSync(at("unsigned/etc/ssh/ssh_host_ed25519_key.pub"), "utf8");
  const pinned = withPin(onlyAuthority(), "north/zpod1", key);
  expect(await login("unsigned", "north/zpod1", pinned)).toMatchObject({ status: 0, stdout: "in\n" });
  const wrong = await login("stranger", "north/zpod1", pinned);
  expect(wrong.status).toBe(255);
  expect(wrong.stderr).toMatch(/REMOTE HOST IDENTIFICATION HAS CHANGED/);
});
