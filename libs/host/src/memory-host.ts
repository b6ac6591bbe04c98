import type { FileStat, Host, RunOptions, RunResult, WriteOptions } from "./host.ts";

/** What a scripted command answers: standard output of a success, or all of a result. */
export type ScriptedAnswer = string | Partial<RunResult>;
export type ScriptedCommand = (
  argv: readonly string[],
  options: RunOptions,
) => ScriptedAnswer | Promise<ScriptedAnswer>;

/** One thing that was done to a MemoryHost, in order: `run haproxy -c -f x`, `write /etc/x 0644`, `remove /etc/x`. */
export type Deed = string;

interface MemoryFile {
  readonly content: string;
  readonly mode: number;
  readonly owner: string | undefined;
  readonly mtime: number;
}

/** A machine for unit tests: files in memory, commands by script. A command nobody scripted fails like a missing program. */
export class MemoryHost implements Host {
  readonly name: string;
  readonly deeds: Deed[] = [];
  readonly #files = new Map<string, MemoryFile>();
  readonly #commands: { readonly prefix: string; readonly answer: ScriptedCommand }[] = [];
  #writes = 0;

  constructor(files: Readonly<Record<string, string>> = {}, name = "memory") {
    this.name = name;
    for (const [path, content] of Object.entries(files)) this.#put(path, content, {});
  }

  /** Scripts every command line that begins with `prefix`; the latest matching script answers. */
  on(prefix: string, answer: ScriptedAnswer | ScriptedCommand): this {
    this.#commands.unshift({ prefix, answer: typeof answer === "function" ? answer : () => answer });
    return this;
  }

  /** Content by path, for comparing everything at once. */
  files(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#files].sort().map(([path, file]) => [path, file.content]));
  }

  ownerOf(path: string): string | undefined {
    return this.#files.get(path)?.owner;
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    options.signal?.throwIfAborted();
    const line = argv.join(" ");
    this.deeds.push(`run ${line}`);
    const script = this.#commands.find(({ prefix }) => line === prefix || line.startsWith(`${prefix} `));
    if (script === undefined) throw new Error(`MemoryHost: nobody scripted: ${line}`);
    const answer = await script.answer(argv, options);
    const result = typeof answer === "string" ? { stdout: answer } : answer;
    return { status: 0, stdout: "", stderr: "", ...result };
  }

  async read(path: string): Promise<string | undefined> {
    return this.#files.get(path)?.content;
  }

  async write(path: string, content: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    const text = typeof content === "string" ? content : new TextDecoder().decode(content);
    this.#put(path, text, options);
    this.deeds.push(`write ${path} ${(options.mode ?? 0o644).toString(8).padStart(4, "0")}`);
  }

  async remove(path: string): Promise<void> {
    this.deeds.push(`remove ${path}`);
    for (const known of [...this.#files.keys()]) {
      if (known === path || known.startsWith(`${path}/`)) this.#files.delete(known);
    }
  }

  async list(path: string): Promise<readonly string[]> {
    const below = [...this.#files.keys()].filter((known) => known.startsWith(`${path}/`));
    return [...new Set(below.map((known) => known.slice(path.length + 1).split("/")[0] ?? ""))].sort();
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const file = this.#files.get(path);
    if (file !== undefined)
      return {
        ...{ kind: "file", mode: file.mode, size: new TextEncoder().encode(file.content).length, mtime: file.mtime },
        owner: wholeOwner(file.owner),
      };
    const inside = [...this.#files.keys()].some((known) => known.startsWith(`${path}/`));
    return inside ? { kind: "directory", mode: 0o755, size: 0, mtime: 0 } : undefined;
  }

  async close(): Promise<void> {}

  #put(path: string, content: string, { mode = 0o644, owner }: WriteOptions): void {
    this.#writes += 1;
    this.#files.set(path, { content, mode, owner, mtime: this.#writes });
  }
}

/** As a file of root's that was given to this owner says it. */
function wholeOwner(owner = ""): string {
  const [user = "", group = ""] = owner.split(":");
  return `${user || "root"}:${group || "root"}`;
}
