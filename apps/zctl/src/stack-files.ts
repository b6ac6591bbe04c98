import { basename, join } from "node:path";
import { Label } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import { ZctlError } from "./exit.ts";

/** What a stack may weigh: it travels through the bus, whose messages are at most 1 MiB. */
const maxBytes = 512 * 1024;
const maxFiles = 200;
const maxDepth = 8;

/** Never part of a stack. */
const ignored = /^(\.git|\.svn|.*~|.*\.swp)$/;

/**
 * The text files of a stack's directory, by relative path. Bounded, text only, and nothing that a link points to:
 * what is sent is what lies in this directory.
 */
export async function stackFiles(local: Host, directory: string): Promise<Readonly<Record<string, string>>> {
  const kind = (await local.stat(directory))?.kind;
  if (kind === "file") throw bad(`${directory} is a file`, "name the directory that has compose.yaml");
  const files: Record<string, string> = {};
  let size = 0;
  const walk = async (relative: string, depth: number): Promise<void> => {
    if (depth > maxDepth) throw bad(`${relative} lies more than ${maxDepth} directories deep`);
    for (const name of await local.list(join(directory, relative))) {
      if (ignored.test(name)) continue;
      const path = relative === "" ? name : `${relative}/${name}`;
      const found = await local.stat(join(directory, path));
      if (found?.kind === "directory") {
        await walk(path, depth + 1);
        continue;
      }
      if (found?.kind === "symlink") throw bad(`${path} is a symbolic link`, "put the file itself into the directory");
      if (found?.kind !== "file") throw bad(`${path} is not a regular file`);
      size += found.size;
      if (size > maxBytes || Object.keys(files).length >= maxFiles) {
        throw bad(
          `${directory} is more than a stack may hold (${maxFiles} files, ${maxBytes / 1024} KiB of text)`,
          "data belongs into an image or a volume",
        );
      }
      const text = (await local.read(join(directory, path))) ?? "";
      if (text.includes("\0") || text.includes("\ufffd"))
        throw bad(`${path} is not UTF-8 text`, "data belongs into an image or a volume");
      files[path] = text;
    }
  };
  // realpath: the directory itself may be named by a link, what is in it may not be one.
  await walk("", 0);
  if (files["compose.yaml"] === undefined) {
    const other = ["compose.yml", "docker-compose.yaml", "docker-compose.yml"].find(
      (name) => files[name] !== undefined,
    );
    throw bad(
      `there is no compose.yaml in ${directory}`,
      other === undefined ? "name the directory that has it" : `rename ${other} to compose.yaml`,
    );
  }
  return files;
}

/** `--project`, or the directory's name where that can be one. */
export function projectName(path: string, asked: string | undefined): string {
  const name = asked ?? basename(path);
  if (Label.safeParse(name).success) return name;
  throw new ZctlError("USAGE", `${name} cannot be a project's name: 1 to 40 of a-z, 0-9 and -`, {
    exit: "usage",
    remedy: "give one with --project",
  });
}

function bad(message: string, remedy?: string): ZctlError {
  return new ZctlError("BAD_FILE", message, remedy === undefined ? {} : { remedy });
}
