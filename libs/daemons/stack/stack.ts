import { type Path, type Problem, tenantOf, type ZMap } from "@zcloud/map";
import { type ComposeFile, type Finding, isRecord, parseCompose } from "./compose.ts";
import { insidePath } from "./paths.ts";
import { composeRules } from "./policy.ts";
import { type RuleContext, walk } from "./rules.ts";
import { type StackSpec, specOf, wholeFindings } from "./spec.ts";

/** A compose project as it was sent: see Stack in libs/events. */
export interface StackFiles {
  readonly tenant: string;
  readonly project: string;
  /** Relative path -> text; has `compose.yaml`. */
  readonly files: Readonly<Record<string, string>>;
}

export type StackResult =
  | { readonly ok: true; readonly spec: StackSpec }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export const composeName = "compose.yaml";
export const maxStackBytes = 512 * 1024;
/** Directory within a stack's that is ours. */
export const ownDirectory = ".zcloud";

/** Project name for compose and podman. Labels have no `_`, so it stands for one tenant and project only. */
export function projectName(tenant: string, project: string): string {
  return `${tenant}_${project}`;
}

/** Checks a stack as written; every problem at once. What only compose can tell is checked by `checkNormalised`. */
export function readStack(stack: StackFiles, map: ZMap): StackResult {
  const beside = besideProblems(stack, map);
  const text = stack.files[composeName];
  const tenant = tenantOf(map, stack.tenant);
  if (text === undefined || tenant === undefined) return { ok: false, problems: beside };
  const parsed = parseCompose(text, composeName);
  if (!parsed.ok) return { ok: false, problems: [...beside, ...parsed.problems] };
  const context: RuleContext = {
    tenant,
    project: stack.project,
    sites: map.sites.map(({ name }) => name),
    files: new Set(Object.keys(stack.files)),
    normalised: undefined,
  };
  const result = checkModel(parsed.file, parsed.file.model, context);
  return beside.length === 0 || !result.ok ? withMore(result, beside) : { ok: false, problems: beside };
}

/**
 * Checks what `docker-compose config` made of the stack, and shows problems where they stand in the user's file.
 * @param directory where the stack's files were when it was normalised
 */
export function checkNormalised(stack: StackFiles, map: ZMap, normalised: string, directory: string): StackResult {
  const tenant = tenantOf(map, stack.tenant);
  const written = parseCompose(stack.files[composeName] ?? "", composeName);
  const parsed = parseCompose(normalised, "the normalised compose.yaml");
  if (tenant === undefined) return { ok: false, problems: besideProblems(stack, map) };
  if (!written.ok) return written;
  if (!parsed.ok) return parsed;
  const context: RuleContext = {
    tenant,
    project: stack.project,
    sites: map.sites.map(({ name }) => name),
    files: new Set(Object.keys(stack.files)),
    normalised: { directory, name: projectName(stack.tenant, stack.project) },
  };
  return checkModel(written.file, parsed.file.model, context);
}

function checkModel(file: ComposeFile, model: Readonly<Record<string, unknown>>, context: RuleContext): StackResult {
  const walked = walk(composeRules, model, context);
  const spec =
    walked.findings.length === 0 || shapely(model)
      ? specOf(model, context.tenant, context.project, walked.count)
      : undefined;
  const whole = spec === undefined ? [] : wholeFindings(model, spec, context.tenant, context.sites);
  const problems = sorted([...walked.findings, ...whole], file);
  if (problems.length > 0 || spec === undefined) return { ok: false, problems };
  return {
    ok: true,
    spec: {
      ...spec,
      services: spec.services.map((service) => ({ ...service, files: expand(service.files, context) })),
    },
  };
}

/** Directories stand for every file in them. */
function expand(paths: readonly string[], context: RuleContext): readonly string[] {
  const inside = paths.flatMap((path) => insidePath(path, context) ?? []);
  return [...context.files]
    .filter((file) => inside.some((path) => path === "" || file === path || file.startsWith(`${path}/`)))
    .sort();
}

/** Only a model of the right shape can be looked at as a whole. */
function shapely(model: Readonly<Record<string, unknown>>): boolean {
  const services = model["services"];
  return isRecord(services) && Object.values(services).every(isRecord);
}

function sorted(findings: readonly Finding[], file: ComposeFile): readonly Problem[] {
  const problems = findings.map((finding) => file.problem(finding));
  const seen = new Map(
    problems.map((problem) => [`${problem.line}:${problem.column} ${problem.path} ${problem.message}`, problem]),
  );
  return [...seen.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

function withMore(result: StackResult, more: readonly Problem[]): StackResult {
  return result.ok || more.length === 0 ? result : { ok: false, problems: [...more, ...result.problems] };
}

/** What is wrong beside the compose file: the tenant, and the files. */
function besideProblems({ tenant, project, files }: StackFiles, map: ZMap): readonly Problem[] {
  const problem = (file: string, message: string): Problem => ({ file, line: 1, column: 1, path: "", message });
  const found: Problem[] = [];
  if (tenantOf(map, tenant) === undefined) {
    const names = map.tenants.map(({ name }) => name).join(", ") || "none yet";
    found.push(problem(composeName, `there is no tenant ${tenant}; the map has ${names}`));
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(project))
    found.push(problem(composeName, `${project} can't name a stack; use 1 to 40 of a-z, 0-9 and -, not at the ends`));
  if (files[composeName] === undefined)
    found.push(problem(composeName, "is missing; a stack is a directory with a compose.yaml"));
  for (const path of Object.keys(files)) {
    const parts = path.split("/");
    if (parts.some((part) => part === "" || part === "." || part === "..") || /[\0\\\n]/.test(path))
      found.push(problem(path, "must be a relative path within the stack's directory"));
    else if (parts[0] === ownDirectory)
      found.push(problem(path, `${ownDirectory} is where the host keeps its own files; name it otherwise`));
  }
  const bytes = Object.entries(files).reduce(
    (sum, [path, text]) => sum + new TextEncoder().encode(path + text).length,
    0,
  );
  if (bytes > maxStackBytes)
    found.push(
      problem(
        composeName,
        `the stack's files are ${bytes} bytes together, at most ${maxStackBytes} can travel; put large files in the image`,
      ),
    );
  return found;
}

/** A problem at a path of a compose file, shown where that stands, or at the nearest part above it that exists. */
export function problemAt(text: string, name: string, path: Path, message: string): Problem {
  const parsed = parseCompose(text, name);
  return parsed.ok ? parsed.file.problem({ path, message }) : { file: name, line: 1, column: 1, path: "", message };
}
