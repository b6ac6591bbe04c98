import { HostId } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import * as z from "zod";
import type { RolePaths } from "./paths.ts";

/** /etc/zcloud/host.json: who this machine is. */
export const HostFile = z.strictObject({ id: HostId });
export type HostFile = z.infer<typeof HostFile>;

/** The service can't start; `problems` are all of them. Exit 78 (EX_CONFIG of sysexits.h). */
export class ConfigurationError extends Error {
  readonly code = "CONFIGURATION";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`read configuration: ${problems.join("; ")}`);
    this.name = "ConfigurationError";
    this.problems = problems;
  }
}

/** Reads what must be there before anything can start: host.json and the operators' keys. Throws ConfigurationError. */
export async function readConfiguration(host: Host, paths: RolePaths): Promise<HostFile> {
  const problems: string[] = [];
  const file = await readHostFile(host, `${paths.etc}/host.json`, problems);
  const operators = await host.read(`${paths.etc}/operators`);
  if (operators === undefined || !/^[^#\s].*namespaces="zcloud-map"/m.test(operators)) {
    problems.push(
      `${paths.etc}/operators: no operator's key for maps (NAME namespaces="zcloud-map" ssh-ed25519 ...); run zctl apply`,
    );
  }
  if (file === undefined || problems.length > 0) throw new ConfigurationError(problems);
  return file;
}

async function readHostFile(host: Host, path: string, problems: string[]): Promise<HostFile | undefined> {
  const text = await host.read(path);
  if (text === undefined) {
    problems.push(`${path}: is missing; it says which host this is, e.g. {"id":"north/zpod1"}`);
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    problems.push(`${path}: is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const parsed = HostFile.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    problems.push(`${path}: ${issue.path.join(".") || "file"}: ${issue.message}`);
  return undefined;
}
