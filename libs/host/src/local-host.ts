import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileError } from "./errors.ts";
import type { FileStat, Host, RunOptions, RunResult, WriteOptions } from "./host.ts";
import { type Owner, ownerName, parseOwner } from "./owner.ts";
import { runProcess } from "./process.ts";

/** This machine. */
export class LocalHost implements Host {
  readonly name: string;

  constructor(name = "local") {
    this.name = name;
  }

  run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    return runProcess(argv, options);
  }

  async read(path: string): Promise<string | undefined> {
    return unlessMissing(readFile(path, "utf8"), `read ${path}`);
  }

  async write(path: string, content: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    try {
      const owner = options.owner === undefined ? undefined : await this.#owner(options.owner);
      await writeAtomically(path, content, options.mode ?? 0o644, owner);
    } catch (error) {
      throw failed(`write ${path}`, error);
    }
  }

  async remove(path: string): Promise<void> {
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      throw failed(`remove ${path}`, error);
    }
  }

  async list(path: string): Promise<readonly string[]> {
    const names = await unlessMissing(readdir(path), `list ${path}`);
    return names?.sort() ?? [];
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const found = await unlessMissing(lstat(path), `stat ${path}`);
    if (found === undefined) return undefined;
    const kind = found.isFile()
      ? "file"
      : found.isDirectory()
        ? "directory"
        : found.isSymbolicLink()
          ? "symlink"
          : "other";
    const owner = await this.#ownerName(found.uid, found.gid);
    return { kind, mode: found.mode & 0o7777, size: found.size, mtime: found.mtimeMs, owner };
  }

  async close(): Promise<void> {}

  async #ownerName(uid: number, gid: number): Promise<string> {
    // Nearly all that is looked at.
    if (uid === 0 && gid === 0) return "root:root";
    return ownerName(uid, gid, await readFile("/etc/passwd", "utf8"), await readFile("/etc/group", "utf8"));
  }

  async #owner(text: string): Promise<Owner> {
    return parseOwner(text, await readFile("/etc/passwd", "utf8"), await readFile("/etc/group", "utf8"));
  }
}

/** Temporary file beside it, mode and owner before content, fsync, rename, fsync of the directory. */
async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  mode: number,
  owner: Owner | undefined,
): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  const file = await open(temporary, "wx", 0o600);
  try {
    try {
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await syncDirectory(directory);
}

/** A rename is only safe from a power cut once its directory is on disk. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function unlessMissing<T>(operation: Promise<T>, what: string): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw failed(what, error);
  }
}

function failed(what: string, error: unknown): FileError {
  return new FileError(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
