import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { CommandError, commandSaid, FileError, UnreachableError } from "./errors.ts";
import type { FileStat, Host, RunOptions, RunResult, WriteOptions } from "./host.ts";
import { defaultTimeout, runProcess } from "./process.ts";
import { parseRemote, remoteScript, timeoutStatus, writeScript } from "./ssh-script.ts";

export interface SshOptions {
  /** For messages: `north/zcloud`. */
  readonly name: string;
  /** Host of the ssh configuration file. */
  readonly destination: string;
  /** OpenSSH client configuration, the only one that is read (`ssh -F`). */
  readonly configFile: string;
  /** Private directory for the sockets of shared connections; see `controlDirectory`. */
  readonly controlDirectory: string;
  /** Put before `ssh`, e.g. to run it at another place in the network. */
  readonly via?: readonly string[];
  /** Seconds to connect; 10 by default. */
  readonly connectTimeout?: number;
}

const noSuchFile = 44;

/** Another machine, by the system's OpenSSH: one connection, kept for a minute after its last use. */
export class SshHost implements Host {
  readonly name: string;
  readonly #options: SshOptions;

  constructor(options: SshOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /**
   * As `Host.run`; the environment is readable for other users of both machines, so secrets go by `input` alone.
   * An abort ends the connection's session; the command over there ends at its timeout at the latest.
   * Throws UnreachableError if there is no connection, or if it breaks.
   */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const { input, signal, timeout = defaultTimeout, cwd, env } = options;
    const script = remoteScript({
      argv,
      timeout: timeout / 1000,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    });
    const connecting = (this.#options.connectTimeout ?? 10) * 1000;
    const result = await runProcess([...this.#ssh(), "-T", this.#options.destination, script], {
      ...(input === undefined ? {} : { input }),
      ...(signal === undefined ? {} : { signal }),
      // The other side's clock decides; this one is for a connection that says nothing any more.
      timeout: timeout + connecting + 5_000,
    });
    const remote = parseRemote(result.stderr);
    if (remote.status === undefined) throw this.#unreachable(remote.begun, remote.stderr);
    if (remote.status === timeoutStatus) {
      const shown = argv.join(" ").slice(0, 200);
      throw new CommandError(
        "COMMAND_TIMEOUT",
        `run ${shown} on ${this.name}: not finished after ${timeout / 1000} s, killed`,
      );
    }
    return { status: remote.status, stdout: result.stdout, stderr: remote.stderr };
  }

  async read(path: string): Promise<string | undefined> {
    const script = `[ -e "$1" ] || exit ${noSuchFile}; exec cat -- "$1"`;
    const result = await this.run(["sh", "-c", script, "sh", path]);
    if (result.status === noSuchFile) return undefined;
    return this.#expect(result, `read ${path}`).stdout;
  }

  async write(path: string, content: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    const mode = (options.mode ?? 0o644).toString(8).padStart(4, "0");
    const argv = ["sh", "-c", writeScript, "sh", path, mode, options.owner ?? "", String(bytes.length)];
    this.#expect(await this.run(argv, { input: bytes }), `write ${path}`);
  }

  async remove(path: string): Promise<void> {
    this.#expect(await this.run(["rm", "-rf", "--", path]), `remove ${path}`);
  }

  async list(path: string): Promise<readonly string[]> {
    const script = `[ -d "$1" ] || exit ${noSuchFile}; exec find "$1" -mindepth 1 -maxdepth 1 -printf '%f\\0'`;
    const result = await this.run(["sh", "-c", script, "sh", path]);
    if (result.status === noSuchFile) return [];
    return this.#expect(result, `list ${path}`).stdout.split("\0").slice(0, -1).sort();
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const script = `[ -e "$1" ] || [ -L "$1" ] || exit ${noSuchFile}; exec stat -c '%f %s %.3Y %U:%G' -- "$1"`;
    const result = await this.run(["sh", "-c", script, "sh", path]);
    if (result.status === noSuchFile) return undefined;
    return parseStat(this.#expect(result, `stat ${path}`).stdout);
  }

  async comeAnew(): Promise<void> {
    const { via = [], configFile, destination, connectTimeout = 10 } = this.#options;
    const settings = ["BatchMode=yes", "ControlMaster=no", "ControlPath=none", `ConnectTimeout=${connectTimeout}`];
    const argv = [
      ...via,
      "ssh",
      "-F",
      configFile,
      ...settings.flatMap((one) => ["-o", one]),
      "-T",
      destination,
      "true",
    ];
    const result = await runProcess(argv, { timeout: connectTimeout * 1000 + 10_000 });
    if (result.status !== 0) throw this.#unreachable(false, result.stderr);
  }

  /** Ends the shared connection. */
  async close(): Promise<void> {
    await runProcess([...this.#ssh(), "-O", "exit", this.#options.destination], { timeout: 5_000 });
  }

  #ssh(): readonly string[] {
    const { via = [], configFile, controlDirectory, connectTimeout = 10 } = this.#options;
    const settings = {
      BatchMode: "yes",
      ConnectTimeout: connectTimeout,
      ControlMaster: "auto",
      ControlPath: `${controlDirectory}/${this.#connectionName()}`,
      ControlPersist: 60,
      LogLevel: "ERROR",
      ServerAliveCountMax: 3,
      ServerAliveInterval: 5,
    };
    return [
      ...via,
      "ssh",
      "-F",
      configFile,
      ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ];
  }

  /**
   * ssh's own %C is made of address, port, user and the jump's name: two installations with the same private addresses
   * would talk over each other's connections. Short, because a socket's path has at most 108 bytes.
   */
  #connectionName(): string {
    const { configFile, destination, via = [] } = this.#options;
    return createHash("sha256")
      .update(JSON.stringify([resolve(configFile), destination, via]))
      .digest("hex")
      .slice(0, 24);
  }

  #expect(result: RunResult, what: string): RunResult {
    if (result.status === 0) return result;
    throw new FileError(`${what} on ${this.name}: ${commandSaid(result) || `exit status ${result.status}`}`);
  }

  #unreachable(begun: boolean, said: string): UnreachableError {
    const reason = said.trim().split("\n").at(-1) ?? "";
    if (begun) {
      const message = `reach ${this.name}: the connection broke while a command ran${reason === "" ? "" : ` (${reason})`}`;
      return new UnreachableError(message, "run it again when the host is back", true);
    }
    return new UnreachableError(`reach ${this.name}: ${reason || "ssh gave up"}`, this.#remedy(reason), false);
  }

  #remedy(reason: string): string {
    const attempt = `ssh -F ${this.#options.configFile} ${this.#options.destination}`;
    if (/Permission denied|Too many authentication/.test(reason))
      return `is your key in ssh-agent, and an operator's in the map? try: ${attempt}`;
    if (/Host key verification failed|HOST IDENTIFICATION HAS CHANGED/.test(reason))
      return `is it still the same machine? compare its host key, then try: ${attempt}`;
    return `is it powered on, and is its network up? try: ${attempt}`;
  }
}

/**
 * Makes the private directory for the sockets of shared SSH connections, the same at every call, so that one command
 * uses the connection of the one before. Throws if somebody else owns it.
 */
export async function controlDirectory(): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const path =
    process.env["XDG_RUNTIME_DIR"] === undefined
      ? `/tmp/zctl-ssh-${uid}`
      : `${process.env["XDG_RUNTIME_DIR"]}/zctl-ssh`;
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw new FileError(`make ${path}: ${error.message}`, { cause: error });
  });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new FileError(`use ${path} for SSH connections: it isn't a private directory of yours; remove it`);
  }
  return path;
}

function parseStat(text: string): FileStat {
  const [raw = "0", size = "0", mtime = "0", owner] = text.trim().split(" ");
  const mode = Number.parseInt(raw, 16);
  // File types of inode(7).
  const kinds = new Map<number, FileStat["kind"]>([
    [0o100000, "file"],
    [0o040000, "directory"],
    [0o120000, "symlink"],
  ]);
  return {
    kind: kinds.get(mode & 0o170000) ?? "other",
    mode: mode & 0o7777,
    size: Number(size),
    mtime: Math.round(Number(mtime) * 1000),
    ...(owner === undefined ? {} : { owner }),
  };
}
