import type { Path } from "@zcloud/map";
import { isOpen, writtenOut } from "./checks.ts";
import { type Finding, isRecord } from "./compose.ts";

import type { Check, RuleContext } from "./rules.ts";

const say = (path: Path, message: string): readonly Finding[] => [{ path, message }];

/**
 * The path of a file as the stack has it, from how compose names it: `./conf/a` or `conf/a`, or absolute once
 * normalised. Undefined if it is outside of the stack's directory. The directory itself is "".
 */
export function insidePath(text: string, { normalised }: RuleContext): string | undefined {
  let path = text;
  if (text.startsWith("/")) {
    if (normalised === undefined) return undefined;
    if (text !== normalised.directory && !text.startsWith(`${normalised.directory}/`)) return undefined;
    path = text.slice(normalised.directory.length + 1);
  }
  if (text.startsWith("~")) return undefined;
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") ? undefined : parts.join("/");
}

/** A file or directory of the stack. */
export function isThere(path: string, files: ReadonlySet<string>): boolean {
  return path === "" || files.has(path) || [...files].some((file) => file.startsWith(`${path}/`));
}

/** A file that compose reads or mounts: it must be one of the stack's own. */
function file(value: unknown, context: RuleContext, path: Path): readonly Finding[] {
  if (isOpen(value)) return say(path, writtenOut);
  if (typeof value !== "string") return say(path, "must be the path of a file beside compose.yaml");
  const inside = insidePath(value, context);
  if (inside === undefined)
    return say(path, `${value} is outside of the stack's directory; put the file beside compose.yaml`);
  if (!context.files.has(inside)) return say(path, `there is no file ${inside} beside compose.yaml`);
  return [];
}

export const stackFile: Check = file;

export const envFile: Check = (value, context, path) => {
  if (!Array.isArray(value))
    return isRecord(value) ? file(value["path"], context, [...path, "path"]) : file(value, context, path);
  return value.flatMap((item, index) =>
    isRecord(item) ? file(item["path"], context, [...path, index, "path"]) : file(item, context, [...path, index]),
  );
};

/** `volumes` of a service: named volumes, tmpfs, and the stack's own files read-only. Nothing of the host. */
export const mounts: Check = (value, context, path) => {
  if (!Array.isArray(value)) return value === null ? [] : say(path, "must be a list");
  return value.flatMap((item, index) =>
    isRecord(item) ? longMount(item, context, [...path, index]) : shortMount(String(item), context, [...path, index]),
  );
};

const unnamed = "has no name, so that its data is lost at every update; name it under volumes:";

function shortMount(text: string, context: RuleContext, path: Path): readonly Finding[] {
  const [source = "", target, mode = ""] = text.split(":");
  if (isOpen(text)) return say(path, writtenOut);
  if (target === undefined) return say(path, `the volume at ${source} ${unnamed}`);
  const options = mode.split(",").filter((option) => option !== "");
  const odd = options.find((option) => !["ro", "rw", "nocopy"].includes(option));
  const wrong = odd === undefined ? [] : say(path, `the mount option ${odd} is not for tenants; ro, rw and nocopy are`);
  return /^[./~]/.test(source) ? [...bind(source, options.includes("ro"), context, path), ...wrong] : wrong;
}

function longMount(mount: Readonly<Record<string, unknown>>, context: RuleContext, path: Path): readonly Finding[] {
  const { type, source } = mount;
  const known = ["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs"];
  const extra = Object.keys(mount)
    .filter((key) => !known.includes(key) && !key.startsWith("x-"))
    .map(
      (key): Finding => ({
        path: [...path, key],
        at: "key",
        message: "is not a key that zCloud knows here; remove it",
      }),
    );
  const propagation = isRecord(mount["bind"])
    ? Object.keys(mount["bind"])
        .filter((key) => key !== "create_host_path")
        .map(
          (key): Finding => ({
            path: [...path, "bind", key],
            at: "key",
            message: "changes how the host's mounts are seen; remove it",
          }),
        )
    : [];
  const found = [...extra, ...propagation];
  if (type === "tmpfs") return found;
  if (type === "volume")
    return typeof source === "string" && source !== ""
      ? found
      : [...found, ...say(path, `the volume at ${String(mount["target"])} ${unnamed}`)];
  if (type === "bind")
    return [
      ...found,
      ...(isOpen(source) ? say(path, writtenOut) : bind(String(source), mount["read_only"] === true, context, path)),
    ];
  return [
    ...found,
    ...say(
      [...path, "type"],
      `${String(type)} is not for tenants; volume, tmpfs and bind (the stack's own files, read-only) are`,
    ),
  ];
}

function bind(source: string, readOnly: boolean, context: RuleContext, path: Path): readonly Finding[] {
  const inside = insidePath(source, context);
  if (inside === undefined)
    return say(
      path,
      `${source} is a path of the host; name a volume under volumes: for data, or put the file beside compose.yaml`,
    );
  if (!isThere(inside, context.files))
    return say(path, `there is no ${inside} beside compose.yaml; name a volume under volumes: for data`);
  if (!readOnly)
    return say(
      path,
      `${source} comes with the stack and is replaced at every deploy; add :ro, or name a volume under volumes: for data`,
    );
  return [];
}
