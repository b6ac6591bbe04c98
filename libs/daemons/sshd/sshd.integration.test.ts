import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost, type RunOptions, type RunResult } from "@zcloud/host";
import { type HostEntry, hostOf, type ZMap } from "@zcloud/map";
import { runPass } from "@zcloud/reconcile";
import { freePort, golden, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { createSshd, type Sshd, type SshdVerbs } from "./daemon.ts";
import type { SshdDesired } from "./plan.ts";
import { renderSshd, sshdPlaces } from "./render.ts";
import { startSshd, type TestSshd } from "./sshd.test-support.ts";

const local = new LocalHost();
const base = tempDir("zc-sshd-");
const at = (name: string) => join(base, name);
const etc = (name: string) => at(`etc/ssh/${name}`);
const signal = AbortSignal.timeout(120_000);
/** The lab's, whose zpod1 is where any port may be tried. */
const map: ZMap = {
  ...labMap(),
  sites: labMap().sites.map((site) => ({
    ...site,
    hosts: site.hosts.map((host) => (host.name === "zpod1" ? { ...host, address: "127.0.0.1" } : host)),
  })),
};
const places = {
  config: etc("sshd_config.d/01-zcloud.conf"),
  operators: etc("zcloud_operators"),
  signers: at("signers"),
  hostKey: etc("ssh_host_ed25519_key.pub"),
  certificate: etc("ssh_host_ed25519_key-cert.pub"),
};
let daemon: TestSshd;
let sshd: Sshd;
let port: number;

beforeAll(async () => {
  mkdirSync(at("etc/ssh"), { recursive: true });
  for (const key of ["etc/ssh/ssh_host_ed25519_key", "robin", "stranger"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", at(key)]);
  // A provider's own idea of the first log-in.
  mkdirSync(etc("sshd_config.d"));
  writeFileSync(etc("sshd_config.d/50-cloud-init.conf"), "PasswordAuthentication yes\n");
  writeFileSync(places.signers, `robin namespaces="zcloud-map" ${publicKey("robin")}\n`);
  port = await freePort();
  daemon = await startSshd(base, port);
  sshd = createSshd({ host: local, places, verbs: verbs() });
}, 60_000);

afterAll(() => daemon.stop("SIGKILL"));

function verbs(): SshdVerbs {
  return {
    check: (path) => daemon.inside("/usr/sbin/sshd", "-t", "-f", path.replace(base, "")),
    running: ["sh", "-c", `test -e /proc/${daemon.pid}`],
    start: ["false"],
    reload: ["sh", "-c", `${daemon.inside("/usr/sbin/sshd", "-t").join(" ")} && ${daemon.hup}`],
    effective: daemon.inside("/usr/sbin/sshd", "-T", "-C", "user=root,host=operator,addr=192.0.2.1"),
    ask: ["ssh-keyscan", "-p", String(port), "-T", "5", "-t", "ed25519", "127.0.0.1"],
  };
}

function publicKey(name: string): string {
  return readFileSync(at(`${name}.pub`), "utf8").trim();
}

/** Paths inside are the real ones; the reconciler works on them from outside. */
function desired(id: string, operators = [{ name: "robin", key: publicKey("robin") }]): SshdDesired {
  const self = hostOf(map, id);
  return { config: renderSshd(map, self), operators, operatorsPath: places.operators };
}

async function pass(wanted: SshdDesired): Promise<readonly string[]> {
  return (await runPass(sshd, wanted, { read: signal, write: signal })).map(({ kind }) => kind);
}

function ssh(key: string, ...words: readonly string[]) {
  const options = [`UserKnownHostsFile=${at("known")}`, "BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none"];
  writeFileSync(at("known"), `[127.0.0.1]:${port} ${publicKey("etc/ssh/ssh_host_ed25519_key")}\n`);
  const argv = ["ssh", "-F", "none", "-p", String(port), "-i", at(key), ...options.flatMap((option) => ["-o", option])];
  return local.run([...argv, ...words], { timeout: 20_000 });
}
const login = (key: string, ...options: readonly string[]) => ssh(key, ...options, "root@127.0.0.1", "echo in");

describe("a VM", () => {
  test("takes its text, once, and does as it says, whatever a provider's file said", async () => {
    await sshd.observe(signal);
    expect(await pass(desired("north/znet"))).toEqual(["write-operators", "configure"]);
    expect(await pass(desired("north/znet"))).toEqual([]);
    expect(sshd.overridden()).toEqual([]);
  });

  test("an operator of the map comes in, and nobody else; nobody by password", async () => {
    expect(await login("robin")).toMatchObject({ status: 0, stdout: "in\n" });
    expect((await login("stranger")).stderr).toMatch(/Permission denied \(publickey\)/);
    const password = ["-o", "PreferredAuthentications=password,keyboard-interactive", "-o", "PubkeyAuthentication=no"];
    expect((await login("robin", ...password)).stderr).toMatch(/Permission denied \(publickey\)/);
    expect((await ssh("robin", "nobody@127.0.0.1", "true")).stderr).toMatch(/Permission denied/);
  });

  test.each([
    ["key exchange", ["KexAlgorithms=ecdh-sha2-nistp256"], /no matching key exchange method/],
    ["cipher", ["Ciphers=aes128-ctr"], /no matching cipher/],
    ["host key", ["HostKeyAlgorithms=rsa-sha2-256"], /no matching host key type/],
  ])("an old %s is refused: %s", async (_, options, said) => {
    const done = await login("robin", ...options.flatMap((option) => ["-o", option]));
    expect(done.stderr).toMatch(said);
    expect(done.status).toBe(255);
  });

  test("it is no way to anywhere but znet's numbers and alerts", async () => {
    for (const closed of ["127.0.0.1:22", "127.0.0.1:9091", "127.0.0.2:9090"]) {
      const { stderr } = await ssh("robin", "-W", closed, "root@127.0.0.1");
      expect(stderr, closed).toMatch(/administratively prohibited/);
    }
    // Nobody listens there.
    for (const open of ["127.0.0.1:9090", "127.0.0.1:9093"]) {
      const { stderr } = await ssh("robin", "-W", open, "root@127.0.0.1");
      expect(stderr, open).toMatch(/connect failed/);
    }
  });

  test("drift: a file changed by hand comes back; one that speaks before it is told of", async () => {
    writeFileSync(places.config, "PasswordAuthentication yes\n");
    expect(await pass(desired("north/znet"))).toEqual(["configure"]);
    writeFileSync(places.operators, "");
    expect(await pass(desired("north/znet"))).toEqual(["write-operators"]);
    writeFileSync(etc("sshd_config.d/00-first.conf"), "PasswordAuthentication yes\nMaxAuthTries 50\n");
    await sshd.observe(signal);
    expect(sshd.overridden()).toEqual(["passwordauthentication yes", "maxauthtries 50"]);
    rmSync(etc("sshd_config.d/00-first.conf"));
    expect(await login("robin")).toMatchObject({ status: 0 });
  });

  test("a text that sshd refuses changes nothing; one with which nobody gets in any more is taken back", async () => {
    const good = desired("north/znet");
    const before = readFileSync(places.config, "utf8");
    await expect(pass({ ...good, config: `${good.config}Nonsense yes\n` })).rejects.toThrow(/Nonsense/);
    expect(readFileSync(places.config, "utf8")).toBe(before);
    const nobody = good.config.replace(/KexAlgorithms .*/, "KexAlgorithms diffie-hellman-group16-sha512");
    // Not what this machine's client asks for.
    const picky = createSshd({
      host: local,
      places,
      verbs: { ...verbs(), ask: ["sh", "-c", "echo no matching key exchange method >&2"] },
    });
    const failing = runPass(picky, { ...good, config: nobody }, { read: signal, write: signal });
    await expect(failing).rejects.toThrow(/the last good text is in force again/);
    expect(readFileSync(places.config, "utf8")).toBe(before);
    expect(await login("robin")).toMatchObject({ status: 0, stdout: "in\n" });
  });

  test("no map shuts everybody out", async () => {
    const before = readFileSync(places.operators, "utf8");
    const stranger = { name: "stranger", key: publicKey("stranger") };
    await expect(pass(desired("north/znet", []))).rejects.toThrow(/no operator/);
    await expect(pass(desired("north/znet", [stranger]))).rejects.toThrow(/not exchanged/);
    expect(readFileSync(places.operators, "utf8")).toBe(before);
    expect(await login("robin")).toMatchObject({ status: 0 });
    const both = [{ name: "robin", key: publicKey("robin") }, stranger];
    expect(await pass(desired("north/znet", both))).toEqual(["write-operators"]);
    expect(await login("stranger")).toMatchObject({ status: 0 });
    expect(await pass(desired("north/znet", [stranger]))).toEqual(["write-operators"]);
    expect((await login("robin")).status).toBe(255);
    expect(await pass(desired("north/znet", both))).toEqual(["write-operators"]);
  });
});

test("a zcloud is the way to its VMs' SSH, and to nothing else", async () => {
  const wanted = { ...desired("north/zcloud"), operators: undefined };
  expect(await pass({ ...wanted, config: `${wanted.config}AuthorizedKeysFile ${sshdPlaces.operators}\n` })).toEqual([
    "configure",
  ]);
  const allowed = await ssh("robin", "-W", "127.0.0.1:22", "root@127.0.0.1");
  expect(allowed.stderr).not.toMatch(/administratively prohibited/);
  const other = await ssh("robin", "-W", `127.0.0.1:${port}`, "root@127.0.0.1");
  expect(other.stderr).toMatch(/administratively prohibited/);
});

test.each([
  "north/znet",
  "north/zpod1",
  "north/zcloud",
])("sshd takes the golden configuration of %s, and does what it says", (id) => {
  const text = renderSshd(labMap(), hostOf(labMap(), id));
  golden(new URL(`golden/${id.replace("/", "-")}.conf`, import.meta.url), text);
  writeFileSync(etc("golden"), text);
  const run = (...words: string[]) => {
    const [program = "", ...args] = daemon.inside("/usr/sbin/sshd", ...words);
    return execFileSync(program, args, { encoding: "utf8" });
  };
  expect(run("-t", "-f", "/etc/ssh/golden")).toBe("");
  expect(run("-T", "-f", "/etc/ssh/golden")).toContain("passwordauthentication no\n");
});

/** This machine, whose systemd only notes what it is told. */
class Noting extends LocalHost {
  readonly told: string[][] = [];
  override run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    if (argv[0] !== "systemctl" && argv[0] !== "systemd-run") return super.run(argv, options);
    this.told.push([...argv]);
    return Promise.resolve({ status: 0, stdout: "", stderr: "" });
  }
}

describe("where the way in is the only one", () => {
  const zcloud = { ...labMap().sites[0]?.hosts.find(({ role }) => role === "zcloud") } as HostEntry;
  const other = () => ({ config: `${renderSshd(map, zcloud, places)}`, operators: undefined, operatorsPath: "" });

  test("a text with which nobody gets in is taken back, and so it would be if nobody were there to do it", async () => {
    const host = new Noting();
    const before = readFileSync(places.config, "utf8");
    const proof = () => Promise.reject(new Error("reach north/zcloud: Permission denied"));
    const guarded = createSshd({ host, places, verbs: verbs(), proof });
    await expect(runPass(guarded, other(), { read: signal, write: signal })).rejects.toThrow(/Permission denied/);
    expect(readFileSync(places.config, "utf8")).toBe(before);
    const timer = host.told.find(([program]) => program === "systemd-run") ?? [];
    expect(timer.slice(0, 5)).toEqual([
      ...["systemd-run", "--quiet", "--collect", "--unit=zcloud-sshd-undo", "--on-active=60"],
    ]);

    // As if the change had stopped half way: its candidate is there.
    writeFileSync(places.config, "# of the change\n");
    writeFileSync(`${places.config}.candidate`, "# of the change\n");
    writeFileSync(`${places.config}.last-good`, before);
    const [undo = "", ...words] = timer.slice(5);
    execFileSync(undo, words);
    expect(readFileSync(places.config, "utf8")).toBe(before);
    rmSync(`${places.config}.candidate`);
    writeFileSync(`${places.config}.last-good`, "# older\n");
    execFileSync(undo, words);
    expect(readFileSync(places.config, "utf8")).toBe(before);
  });

  test("one that is proved stays, and the timer goes", async () => {
    const host = new Noting();
    let proved = 0;
    const proof = async (): Promise<void> => {
      proved += 1;
    };
    const guarded = createSshd({ host, places, verbs: verbs(), proof });
    await runPass(guarded, other(), { read: signal, write: signal });
    expect(proved).toBe(1);
    expect(readFileSync(places.config, "utf8")).toBe(other().config);
    expect(host.told.at(-1)).toEqual(["systemctl", "stop", "zcloud-sshd-undo.timer"]);
  });
});
