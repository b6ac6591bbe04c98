import { checkNormalised, composeName, projectName, type StackFiles, stackDirectory } from "@zcloud/daemons/stack";
import type { Host } from "@zcloud/host";
import type { Problem, ZMap } from "@zcloud/map";
import { composeProblem } from "./compose-problem.ts";
import { normaliseCommand, type Sandbox, splitNormalised, systemdSandbox } from "./sandbox.ts";

export type Normalised =
  | { readonly ok: true; readonly resolved: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface NormaliseOptions {
  readonly host: Host;
  readonly map: ZMap;
  /** Holds the stack's files and `.zcloud/override.yaml`. */
  readonly candidate: string;
  readonly signal: AbortSignal;
  readonly sandbox?: Sandbox;
  /** Command line of docker-compose, if it isn't the installed one. */
  readonly program?: readonly string[];
}

/**
 * Lets docker-compose fill in everything, checks the policy again on what it made of the tenant's own file, and
 * returns the file to run: with our override, nothing left to be filled in.
 */
export async function normalise(
  stack: StackFiles,
  { host, map, candidate, signal, sandbox = systemdSandbox, program }: NormaliseOptions,
): Promise<Normalised> {
  const directory = stackDirectory(stack.tenant, stack.project);
  const command = normaliseCommand(projectName(stack.tenant, stack.project), program);
  const result = await host.run(sandbox(command, { from: candidate, as: directory }), { signal, timeout: 30_000 });
  if (result.status !== 0)
    return {
      ok: false,
      problems: composeProblem(
        stack.files[composeName] ?? "",
        result.stderr || `docker-compose ended with ${result.status}`,
        directory,
      ),
    };
  const documents = splitNormalised(result.stdout);
  if (documents === undefined)
    throw new Error(`normalise ${stack.tenant}/${stack.project}: docker-compose printed something else than two files`);
  const checked = checkNormalised(stack, map, documents.written, directory);
  return checked.ok ? { ok: true, resolved: documents.merged } : checked;
}
