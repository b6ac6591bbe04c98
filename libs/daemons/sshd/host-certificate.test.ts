import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { hostOf } from "@zcloud/map";
import { tempDir } from "@zcloud/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { type SshAuthority, sshAuthority } from "./authority.ts";
import { hostPrincipals, parseHostCertificate, sshCertificateNeed } from "./host-certificate.ts";
import { withAuthority, withoutPins, withPin } from "./known-hosts.ts";

const local = new LocalHost();
const directory = tempDir();
const map = labMap();
const principals = hostPrincipals(map, hostOf(map, "north/zpod1"));
const day = 86_400_000;
let authority: SshAuthority;
let key: string;
let line: string;

async function newKey(name: string): Promise<string> {
  await local.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(directory, name)]);
  return readFileSync(join(directory, `${name}.pub`), "utf8");
}

beforeAll(async () => {
  mkdirSync(join(directory, "secrets"), { mode: 0o700 });
  authority = await sshAuthority(local, join(directory, "secrets"));
  key = await newKey("host");
  line = await authority.sign("north/zpod1", principals, key);
});

describe("a certificate that ssh-keygen signed", () => {
  test("says whose it is, by whose word, and until when", () => {
    const read = parseHostCertificate(line);
    expect(read).toMatchObject({ keyId: "north/zpod1", principals });
    expect(principals).toEqual(["north/zpod1", "zpod1.north", "zpod1.north.zcloud.internal", "10.64.1.17"]);
    expect(read?.key).toBe(key.split(" ")[1]?.trim());
    expect(read?.authority).toBe(authority.publicKey.split(" ")[1]);
    const [from, until] = [read?.from ?? 0, read?.until ?? 0];
    expect(Math.round((until - from) / day)).toBe(825);
    expect(Math.abs(Date.now() - from)).toBeLessThan(2 * 3_600_000);
  });

  test("a zcloud's is good for its public address, too", () => {
    expect(hostPrincipals(map, hostOf(map, "north/zcloud"))).toContain("198.51.100.10");
  });

  test("no certificate of a user, no bare key, no half of one is taken for it", async () => {
    await local.run([
      "ssh-keygen",
      "-q",
      "-s",
      join(directory, "secrets/ssh-ca"),
      "-I",
      "x",
      "-n",
      "root",
      join(directory, "host.pub"),
    ]);
    const user = readFileSync(join(directory, "host-cert.pub"), "utf8");
    expect(user).toMatch(/^ssh-ed25519-cert/);
    const [type, base64 = ""] = line.split(" ");
    for (const bad of [user, key, "", `${type} ${base64.slice(0, 120)}`, `${type} !`])
      expect(parseHostCertificate(bad)).toBeUndefined();
  });
});

test("a host's certificate is renewed when, and only when, it has to be", async () => {
  const wanted = { principals, key, authority: authority.publicKey, now: Date.now() };
  expect(sshCertificateNeed(line, wanted)).toBeUndefined();
  expect(sshCertificateNeed(undefined, wanted)).toBe("new");
  expect(sshCertificateNeed("something", wanted)).toBe("unreadable");
  expect(sshCertificateNeed(line, { ...wanted, key: await newKey("other") })).toBe("its key changed");
  expect(sshCertificateNeed(line, { ...wanted, authority: key })).toBe("signed by another authority");
  expect(sshCertificateNeed(line, { ...wanted, principals: ["x"] })).toBe("its names or address changed");
  expect(sshCertificateNeed(line, { ...wanted, now: Date.now() + 540 * day })).toBeUndefined();
  expect(sshCertificateNeed(line, { ...wanted, now: Date.now() + 560 * day })).toMatch(/a third of its life/);
});

test("the authority is made once, can be read by its owner only, and is not replaced when its key is gone", async () => {
  const secrets = join(directory, "secrets");
  expect((await local.stat(join(secrets, "ssh-ca")))?.mode).toBe(0o600);
  expect(authority.made).toBe(true);
  const again = await sshAuthority(local, secrets);
  expect([again.made, again.publicKey]).toEqual([false, authority.publicKey]);
  await local.remove(join(secrets, "ssh-ca.pub"));
  expect((await sshAuthority(local, secrets)).publicKey.split(" ")[1]).toBe(authority.publicKey.split(" ")[1]);
  await local.remove(join(secrets, "ssh-ca"));
  await expect(sshAuthority(local, secrets)).rejects.toThrow(/put it back from your backup/);
  expect(await local.list(secrets)).toEqual(["ssh-ca.pub"]);
});

test("known_hosts: one authority, a single key until it is signed, what else stands there stays", () => {
  const first = withAuthority("example.net ssh-rsa BBBB\n", "ssh-ed25519 AAAA comment\n");
  expect(first).toBe("@cert-authority * ssh-ed25519 AAAA\nexample.net ssh-rsa BBBB\n");
  const pinned = withPin(withPin(first, "north/znet", "ssh-ed25519 OLD"), "north/znet", "ssh-ed25519 NEW\n");
  expect(pinned).toBe(`${first}north/znet ssh-ed25519 NEW\n`);
  expect(withoutPins(pinned, ["north/znet"])).toBe(first);
  expect(withAuthority(pinned, "ssh-ed25519 CCCC")).toMatch(/^@cert-authority \* ssh-ed25519 CCCC\nexample/);
  expect(withoutPins("north/znet ssh-ed25519 NEW\n", ["north/znet"])).toBe("");
});
