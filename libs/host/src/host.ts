/** What a command left behind. A non-zero exit is a result, not an exception. */
export interface RunResult {
  /** Exit status; 128 + signal number when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Fed to standard input; this is how secrets travel, never by arguments. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds; 60,000 by default. The whole process group is killed after it. */
  readonly timeout?: number;
}

export interface WriteOptions {
  /** Octal mode, 0o644 by default; set before the content is there. */
  readonly mode?: number;
  /** `user` or `user:group`; unchanged (root) by default. */
  readonly owner?: string;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtime: number;
  /** `user:group`, by name; a number where there is none. */
  readonly owner?: string;
}

/** The machine a reconciler works on: this one, or another by SSH. The only way to processes and files. */
export interface Host {
  /** For messages: `local`, or `north/zcloud`. */
  readonly name: string;
  /** Runs a command without a shell. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** UTF-8 text, or undefined if there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Atomic: temporary file beside it, fsync, rename, fsync of the directory. Makes missing parents (0755). */
  write(path: string, content: string | Uint8Array, options?: WriteOptions): Promise<void>;
  /** File or tree; no error if it is not there. */
  remove(path: string): Promise<void>;
  /** Names in a directory, sorted; empty if there is none. */
  list(path: string): Promise<readonly string[]>;
  stat(path: string): Promise<FileStat | undefined>;
  /** Whether somebody who comes now gets in: by a connection of its own, whatever is open already. Throws if not. Hosts by SSH only. */
  comeAnew?(): Promise<void>;
  close(): Promise<void>;
}
