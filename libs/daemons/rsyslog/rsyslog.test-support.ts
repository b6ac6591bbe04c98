import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HostEntry, hostOf, type ZMap } from "@zcloud/map";
import { createTestCa, type Daemon, debian, eventually, freePorts, rootfsPath, startDaemon } from "@zcloud/testing";
import { labMap } from "../unbound/lab-map.test-support.ts";
import type { Identity } from "./places.ts";
import { listeningSockets } from "./plan.ts";
import { renderReceiver, renderSender, type SenderOptions, sendersOf } from "./render.ts";
import { endLines, renderRewind } from "./units.ts";

export const map: ZMap = labMap();
export const zfront: HostEntry = hostOf(map, "north/zfront");

/** rsyslogd of the hosts' userland, with its modules. */
export function rsyslogd(...args: readonly string[]): readonly [string, ...string[]] {
  return debian("/usr/sbin/rsyslogd", "-M", `${rootfsPath}/usr/lib/x86_64-linux-gnu/rsyslog`, ...args);
}

export interface Bench {
  readonly root: string;
  readonly store: string;
  readonly ports: ReadonlyMap<string, number>;
  identityOf(name: string): Identity;
  /** Starts the site's receiver as its unit would; `prefix` goes before its command line. */
  receive(prefix?: readonly string[]): Promise<Daemon>;
  senderConfig(identity?: Identity, access?: string, turn?: SenderOptions["turn"]): string;
  /** Of any host; `state` is its own directory. */
  senderConfigOf(host: HostEntry, state: string): string;
  /** What was stored of zfront: lines of its journal, or its access lines. */
  stored(kind?: "" | "access-"): readonly string[];
}

/** Where the receiver is, if not on loopback. */
export interface Elsewhere {
  readonly address: string;
  /** Before every command line that runs there. */
  readonly inside: readonly string[];
  /** Its directory for the hosts' lines, which is there. */
  readonly store: string;
}

/** A receiver as znet's, with certificates for everybody. */
export async function bench(root: string, of: ZMap = map, elsewhere?: Elsewhere): Promise<Bench> {
  const sign = createTestCa(join(root, "pki"));
  const hosts = sendersOf(of, "north");
  const free = await freePorts(hosts.length);
  const ports = new Map(hosts.map(({ name }, index) => [name, free[index] ?? 0]));
  for (const { name, fqdn } of hosts) {
    const { cert, key } = sign(fqdn, `DNS:${fqdn}`, "IP:127.0.0.1");
    writeFileSync(join(root, `${name}.crt`), cert);
    writeFileSync(join(root, `${name}.key`), key);
  }
  const identityOf = (name: string): Identity => ({
    ca: join(root, "pki", "ca.crt"),
    certificate: join(root, `${name}.crt`),
    key: join(root, `${name}.key`),
  });
  const { address, inside, store } = elsewhere ?? { address: "127.0.0.1", inside: [], store: join(root, "store") };
  for (const directory of ["store", "rx", "tx"]) mkdirSync(join(root, directory));
  const config = join(root, "receiver.conf");
  const listen = ({ name }: HostEntry) => ({ address, port: ports.get(name) ?? 0 });
  writeFileSync(
    config,
    renderReceiver(of, "north", { listen, store, state: join(root, "rx"), identity: identityOf("znet") }),
  );
  const targetOf = (name: string) => {
    return { address, port: ports.get(name) ?? 0, name: hostOf(of, "north/znet").fqdn };
  };
  const listening = async (): Promise<boolean> => {
    const [program = "cat", ...args] = [...inside, "cat", "/proc/net/tcp"];
    const open = listeningSockets(execFileSync(program, args, { encoding: "utf8" }));
    return [...ports.values()].every((port) => open.has(`${address}:${port}`));
  };
  return {
    root,
    store,
    ports,
    identityOf,
    receive(prefix = inside) {
      const start = ["sh", "-c", `${endLines(store)}; exec "$@"`, "sh", ...rsyslogd("-n", "-i", "NONE", "-f", config)];
      return startDaemon([...prefix, ...start] as unknown as [string], listening);
    },
    senderConfig(identity = identityOf("zfront"), access, turn) {
      const from = { target: targetOf("zfront"), state: join(root, "tx"), identity };
      return renderSender(of, zfront, { ...from, access, ...(turn === undefined ? {} : { turn }) });
    },
    senderConfigOf(host, state) {
      return renderSender(of, host, { target: targetOf(host.name), state, identity: identityOf(host.name) });
    },
    stored(kind = "") {
      const directory = join(store, "zfront");
      if (!existsSync(directory)) return [];
      return readdirSync(directory)
        .filter((name) => name.startsWith("access-") === (kind === "access-"))
        .sort()
        .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n").slice(0, -1));
    },
  };
}

/** A journald of its own in a mount namespace of its own, and what else runs there. */
export interface Journal {
  readonly daemon: Daemon;
  /** Prefix of a command line that runs beside it. */
  readonly inside: readonly string[];
  /** As many lines `<word> <n>`, and what `more` says behind each. */
  say(word: string, count: number, level?: string, more?: () => string): void;
  /** Programs that look at this journal, to be put before PATH. */
  readonly bin: string;
  /** One entry with these fields. */
  entry(fields: Readonly<Record<string, string>>): void;
  /** Starts the sender as its unit would: set back, then rsyslogd; `prefix` goes before its command line. */
  send(config: string, prefix?: readonly string[]): Promise<Daemon>;
}

/** @param settings more lines of its configuration; with them it is on disk from the start */
export async function startJournal(root: string, settings = ""): Promise<Journal> {
  const bin = join(root, "bin");
  mkdirSync(bin);
  mkdirSync(join(root, "journal"));
  mkdirSync("/var/log/journal", { recursive: true });
  const journalctl = debian("/usr/bin/journalctl").join(" ");
  for (const [name, command] of [
    ["journalctl", journalctl],
    ["systemd-journal-remote", debian("/usr/lib/systemd/systemd-journal-remote").join(" ")],
  ] as const) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  writeFileSync(join(root, "journald.conf"), `[Journal]\n${settings}\nReadKMsg=no\nRateLimitBurst=0\n`);
  const script = [
    "mount -t tmpfs tmpfs /run",
    `mount --bind ${root}/journal /var/log/journal`,
    "mkdir -p /run/systemd/journal /run/systemd/journald.conf.d",
    `cp ${root}/journald.conf /run/systemd/journald.conf.d/test.conf`,
    ...(settings === "" ? [] : ["touch /run/systemd/journal/flushed"]),
    `exec ${debian("/usr/lib/systemd/systemd-journald").join(" ")}`,
  ].join(" && ");
  let pid = 0;
  const daemon = await startDaemon(["unshare", "--mount", "sh", "-c", `echo "pid $$"; ${script}`], /pid \d+/);
  pid = daemon.pid;
  await eventually("journald listens", () => existsSync(`/proc/${pid}/root/run/systemd/journal/stdout`));
  const inside = ["nsenter", `--mount=/proc/${pid}/ns/mnt`];
  const run = (argv: readonly string[], input: string): void => {
    const [program = "", ...args] = [...inside, ...argv];
    execFileSync(program, args, { input, maxBuffer: 2 ** 26, stdio: ["pipe", "ignore", "inherit"] });
  };
  return {
    daemon,
    inside,
    bin,
    say(word, count, level = "info", more) {
      const lines = Array.from(
        { length: count },
        (_, n) => `${word} ${n}${more === undefined ? "" : ` ${more()}`}\n`,
      ).join("");
      run(debian("/usr/bin/systemd-cat", "-t", "test", "-p", level, "cat"), lines);
    },
    entry(fields) {
      const path = join(root, "entry");
      const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}\n`);
      writeFileSync(path, lines.join(""));
      run(debian("/usr/bin/logger", `--journald=${path}`), "");
    },
    async send(config, prefix = []) {
      const path = join(root, "sender.conf");
      writeFileSync(path, config);
      writeFileSync(
        join(root, "rewind"),
        renderRewind(true, { unit: "", config: path, unitFile: "", enabled: "", state: join(root, "tx") }),
      );
      const sender = rsyslogd("-n", "-i", "NONE", "-f", path).join(" ");
      const start = `PATH=${bin}:$PATH; sh ${root}/rewind; echo begun; exec ${sender}`;
      return startDaemon([...prefix, ...inside, "sh", "-c", start] as unknown as [string], /begun/);
    },
  };
}
