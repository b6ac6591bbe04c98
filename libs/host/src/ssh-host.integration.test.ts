import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, freePort, rootfsPath, startDaemon } from "@zcloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshHost } from "./ssh-host.ts";

/**
 * The hosts' own sshd, in the hosts' userland with a layer over it that vanishes with its namespaces. It listens on
 * this machine's loopback.
 */
const launch = `set -eu
mount -t tmpfs layer "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$(readlink -f "$2"),upperdir=$1/upper,workdir=$1/work" layer "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
mkdir -p "$1/root/run/sshd" "$1/root/root/.ssh" "$1/root/srv/test"
cp "$4/host" "$4/authorized_keys" "$1/root/etc/ssh/"
chmod 600 "$1/root/etc/ssh/host"
exec chroot "$1/root" /usr/sbin/sshd -D -e -f /dev/null -p "$3" -o ListenAddress=127.0.0.1 -o HostKey=/etc/ssh/host \\
  -o AuthorizedKeysFile=/etc/ssh/authorized_keys -o StrictModes=no -o PidFile=none -o PermitRootLogin=prohibit-password`;

/** Short, because socket paths are. */
const directory = mkdtempSync("/tmp/zc-ssh-");
let daemon: Daemon;
let port = 0;
let host: SshHost;

function startSshd(): Promise<Daemon> {
  const layer = join(directory, "layer");
  mkdirSync(layer, { recursive: true });
  const namespaces = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL"] as const;
  return startDaemon([...namespaces, "sh", "-c", launch, "sh", layer, rootfsPath, String(port), directory], port);
}

function connection(destination = "there", controls = "controls"): SshHost {
  mkdirSync(join(directory, controls), { recursive: true, mode: 0o700 });
  const controlDirectory = join(directory, controls);
  return new SshHost({ name: "north/zcloud", destination, configFile: join(directory, "config"), controlDirectory });
}

beforeAll(async () => {
  port = await freePort();
  for (const key of ["host", "client", "stranger"]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, key)]);
  }
  const text = (name: string) => readFileSync(join(directory, name), "utf8");
  writeFileSync(join(directory, "authorized_keys"), text("client.pub"));
  const [type, key] = text("host.pub").split(" ");
  writeFileSync(join(directory, "known"), `[127.0.0.1]:${port} ${type} ${key}\n`);
  const [strangerType, strangerKey] = text("stranger.pub").split(" ");
  writeFileSync(join(directory, "known-otherwise"), `[127.0.0.1]:${port} ${strangerType} ${strangerKey}\n`);
  const entry = (name: string, lines: readonly string[]) =>
    [`Host ${name}`, ...lines.map((line) => `  ${line}`)].join("\n");
  const common = ["HostName 127.0.0.1", "User root", "IdentitiesOnly yes", "IdentityAgent none"];
  const known = `UserKnownHostsFile ${directory}/known`;
  const client = `IdentityFile ${directory}/client`;
  writeFileSync(
    join(directory, "config"),
    [
      entry("there", [...common, `Port ${port}`, client, known]),
      entry("stranger", [...common, `Port ${port}`, `IdentityFile ${directory}/stranger`, known]),
      entry("changed", [...common, `Port ${port}`, client, `UserKnownHostsFile ${directory}/known-otherwise`]),
      entry("off", [...common, `Port ${await freePort()}`, client, known]),
    ].join("\n"),
  );
  daemon = await startSshd();
  host = connection();
});

afterAll(async () => {
  await host?.close();
  await daemon?.stop("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

describe("run", () => {
  test("the command's words, input, output and status survive the journey", async () => {
    const script = 'cat; printf "<%s>" "$@"; echo problem >&2; exit 255';
    const result = await host.run(["sh", "-c", script, "sh", "it's", "$HOME `id`", "", "*"], { input: "in " });
    expect(result).toEqual({ status: 255, stdout: "in <it's><$HOME `id`><><*>", stderr: "problem\n" });
  });

  test("it is another machine", async () => {
    const { stdout } = await host.run(["cat", "/etc/debian_version"]);
    expect(stdout).toMatch(/^13/);
  });

  test("directory and environment", async () => {
    const { stdout } = await host.run(["sh", "-c", 'echo "$PWD $A"'], { cwd: "/srv", env: { A: "a b" } });
    expect(stdout).toBe("/srv a b\n");
  });

  test("commands share one connection", async () => {
    const shared = connection();
    const client = async () => (await shared.run(["sh", "-c", "echo $SSH_CONNECTION"])).stdout;
    expect(await client()).toBe(await client());
  });

  test("at its timeout a command ends over there too", async () => {
    const run = host.run(["sh", "-c", "echo $$ > /srv/pid; sleep 60; true"], { timeout: 1_000 });
    await expect(run).rejects.toMatchObject({
      code: "COMMAND_TIMEOUT",
      message: expect.stringContaining("north/zcloud"),
    });
    const pid = (await host.read("/srv/pid"))?.trim() ?? "";
    expect(pid).toMatch(/^\d+$/);
    expect((await host.run(["kill", "-0", pid])).status).not.toBe(0);
  });

  test("a way in is tried by a connection of its own, whatever is open already", async () => {
    const keys = "/etc/ssh/authorized_keys";
    await host.comeAnew();
    const before = (await host.read(keys)) ?? "";
    try {
      await host.write(keys, "");
      expect((await host.run(["true"])).status).toBe(0);
      await expect(host.comeAnew()).rejects.toMatchObject({ code: "UNREACHABLE" });
    } finally {
      await host.write(keys, before);
    }
    await host.comeAnew();
  });

  test("an abort ends the waiting", async () => {
    const stop = new AbortController();
    const run = host.run(["sleep", "60"], { signal: stop.signal, timeout: 30_000 });
    stop.abort();
    await expect(run).rejects.toMatchObject({ code: "COMMAND_STOPPED" });
  });
});

describe("files", () => {
  test("written with parents, mode and owner, read back, replaced, with nothing left beside", async () => {
    await host.write("/srv/test/a b/it's.conf", "one\n", { mode: 0o640, owner: "nobody:nogroup" });
    await host.write("/srv/test/a b/it's.conf", "grüße\n", { mode: 0o600, owner: "nobody:nogroup" });
    expect(await host.read("/srv/test/a b/it's.conf")).toBe("grüße\n");
    expect(await host.stat("/srv/test/a b/it's.conf")).toMatchObject({
      kind: "file",
      mode: 0o600,
      size: 8,
      owner: "nobody:nogroup",
    });
    expect(await host.list("/srv/test/a b")).toEqual(["it's.conf"]);
    expect((await host.stat("/srv/test/a b"))?.mode).toBe(0o755);
    const { stdout } = await host.run(["stat", "-c", "%U:%G", "/srv/test/a b/it's.conf"]);
    expect(stdout).toBe("nobody:nogroup\n");
  });

  test("bytes arrive as they are", async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
    await host.write("/srv/test/bytes", bytes);
    const { stdout } = await host.run(["sha256sum", "/srv/test/bytes"]);
    const here = execFileSync("sha256sum", { input: bytes }).toString();
    expect(stdout.split(" ")[0]).toBe(here.split(" ")[0]);
  });

  test("a failed write leaves the old file and no temporary one", async () => {
    await host.write("/srv/test/kept/file", "old");
    const write = host.write("/srv/test/kept/file", "new", { owner: "nobody-of-this-name" });
    await expect(write).rejects.toThrow(/write \/srv\/test\/kept\/file on north\/zcloud: .*nobody-of-this-name/);
    expect(await host.read("/srv/test/kept/file")).toBe("old");
    expect(await host.list("/srv/test/kept")).toEqual(["file"]);
  });

  test("what is not there", async () => {
    expect(await host.read("/srv/test/none")).toBeUndefined();
    expect(await host.stat("/srv/test/none")).toBeUndefined();
    expect(await host.list("/srv/test/none")).toEqual([]);
    await host.remove("/srv/test/none");
  });

  test("kinds, and removing a tree", async () => {
    await host.run(["sh", "-c", "mkdir -p /srv/test/tree/deep && ln -s nowhere /srv/test/tree/link"]);
    expect((await host.stat("/srv/test/tree/link"))?.kind).toBe("symlink");
    expect((await host.stat("/srv/test/tree/deep"))?.kind).toBe("directory");
    await host.remove("/srv/test/tree");
    expect(await host.stat("/srv/test/tree")).toBeUndefined();
  });
});

describe("unreachable", () => {
  test("a machine that is off", async () => {
    await expect(connection("off").read("/etc/hosts")).rejects.toMatchObject({
      code: "UNREACHABLE",
      begun: false,
      message: expect.stringMatching(/^reach north\/zcloud: .*refused; is it powered on/),
    });
  });

  test("a key that it does not know", async () => {
    await expect(connection("stranger").run(["true"])).rejects.toMatchObject({
      code: "UNREACHABLE",
      remedy: expect.stringContaining("ssh-agent"),
    });
  });

  test("another machine in its place", async () => {
    await expect(connection("changed").run(["true"])).rejects.toMatchObject({
      code: "UNREACHABLE",
      remedy: expect.stringContaining("compare its host key"),
    });
  });

  test("a power cut while a command runs; after it, the same host is reached again", async () => {
    const victim = connection("there", "cut");
    const run = victim.run(["sh", "-c", "echo begun > /srv/begun; sleep 60"], { timeout: 50_000 });
    const caught = run.catch((error: unknown) => error);
    await expect.poll(() => host.read("/srv/begun"), { timeout: 20_000 }).toBe("begun\n");
    await daemon.stop("SIGKILL");
    expect(await caught).toMatchObject({ code: "UNREACHABLE", begun: true });
    daemon = await startSshd();
    expect((await victim.run(["true"])).status).toBe(0);
    await victim.close();
  });

  test("an unfinished transfer never becomes a file", async () => {
    await host.write("/srv/test/whole", "the old and whole text");
    const victim = connection("there", "cut-write");
    const size = 200_000_000;
    const write = victim.write("/srv/test/whole", new Uint8Array(size)).catch((error: unknown) => error);
    const begun = async () => (await host.list("/srv/test")).some((name) => name.startsWith(".whole."));
    await expect.poll(begun, { timeout: 20_000 }).toBe(true);
    const hangUp =
      "p=$(pgrep -x cat); while [ $(cat /proc/$p/comm) != sshd-session ]; do p=$(cut -d' ' -f4 /proc/$p/stat); done; kill -9 $p";
    expect((await host.run(["sh", "-c", hangUp])).stderr).toBe("");
    expect(await write).toMatchObject({ code: "UNREACHABLE", begun: true });
    await expect.poll(begun, { timeout: 20_000 }).toBe(false);
    expect(await host.read("/srv/test/whole")).toBe("the old and whole text");
    await victim.close();
  });
});
