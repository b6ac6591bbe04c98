import { type FileStat, type Host, LocalHost, type RunOptions, type RunResult, UnreachableError } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import type { Ports } from "./invocation.ts";
import { zctl } from "./program.ts";

/** What a host of the tests answers: to paths of its agent's API, and to other commands. */
export interface Script {
  /** `GET /v1/status` -> status and body; the body of the request is the argument. */
  readonly agent?: Readonly<Record<string, (body: unknown) => readonly [number, unknown]>>;
  readonly run?: (argv: readonly string[], input: string) => RunResult | undefined;
  readonly down?: boolean;
}

/** A host in memory: files, and an agent that answers curl. */
export class ScriptedHost implements Host {
  readonly name: string;
  readonly files = new Map<string, { content: string; mode: number }>();
  readonly ran: string[] = [];
  script: Script;

  constructor(name: string, script: Script = {}) {
    this.name = name;
    this.script = script;
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    this.#reach();
    this.ran.push(argv.join(" "));
    const input = String(options.input ?? "");
    const own = this.script.run?.(argv, input);
    if (own !== undefined) return own;
    if (argv[0] !== "curl") return { status: 127, stdout: "", stderr: `no ${argv[0]}` };
    const method = argv[argv.indexOf("-X") + 1] ?? "GET";
    const path = (argv.at(-1) ?? "").replace("http://agent", "");
    const routes = this.script.agent;
    if (routes === undefined) return { status: 7, stdout: "", stderr: "curl: (7) Couldn't connect to server" };
    const route = routes[`${method} ${path}`] ?? routes[`${method} ${path.replace(/\?.*/, "")}`];
    const [status, body] = route?.(input === "" ? undefined : JSON.parse(input)) ?? [404, { error: "not here" }];
    return { status: 0, stdout: `${JSON.stringify(body)}\n${status}`, stderr: "" };
  }

  async read(path: string): Promise<string | undefined> {
    this.#reach();
    return this.files.get(path)?.content;
  }

  async write(path: string, content: string | Uint8Array, options: { mode?: number } = {}): Promise<void> {
    this.#reach();
    this.files.set(path, { content: String(content), mode: options.mode ?? 0o644 });
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }

  async list(): Promise<readonly string[]> {
    return [];
  }

  async stat(path: string): Promise<FileStat | undefined> {
    this.#reach();
    const file = this.files.get(path);
    return file === undefined ? undefined : { kind: "file", mode: file.mode, size: file.content.length, mtime: 0 };
  }

  async close(): Promise<void> {}

  #reach(): void {
    if (this.script.down) throw new UnreachableError(`connect to ${this.name}: timed out`, "is it up?", false);
  }
}

/** A whole installation's hosts, and zctl's view of them. Time passes only when somebody sleeps. */
export class World {
  readonly hosts = new Map<string, ScriptedHost>();
  readonly attached: string[] = [];
  local: Host = new LocalHost();
  out = "";
  err = "";
  /** What a command writes that is read as it comes. */
  stream: (argv: readonly string[]) => AsyncIterable<readonly string[]> = () => {
    throw new Error("nobody scripted a stream");
  };
  clock = Date.parse("2026-11-22T14:00:00Z");
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  host(id: string): ScriptedHost {
    const known = this.hosts.get(id) ?? new ScriptedHost(id);
    this.hosts.set(id, known);
    return known;
  }

  async zctl(...argv: string[]): Promise<number> {
    this.out = "";
    this.err = "";
    const ports: Ports = {
      local: this.local,
      env: { ZCLOUD_MAP: this.#directory, USER: "robin" },
      cwd: this.#directory,
      home: "/nonexistent",
      connect: async (_installation, entry: HostEntry) => this.host(entry.id),
      enrollScript: async () => "",
      attach: async (command) => {
        this.attached.push(command.join(" "));
        return 0;
      },
      stream: (argv) => this.stream(argv),
      now: () => this.clock,
      sleep: async (ms) => {
        this.clock += ms;
      },
      signal: new AbortController().signal,
    };
    return zctl(argv, ports, {
      out: (text) => {
        this.out += text;
      },
      err: (text) => {
        this.err += text;
      },
      colour: false,
      live: false,
    });
  }
}
