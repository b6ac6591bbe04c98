import { basename, dirname, resolve } from "node:path";
import { composeName, readStack } from "@zcloud/daemons/stack";
import { formatProblem } from "@zcloud/map";
import * as z from "zod";
import { ZctlError } from "../exit.ts";
import { loadInstallation } from "../installation.ts";
import { count, printable } from "../screen.ts";
import { command } from "../spec.ts";
import { projectName, stackFiles } from "../stack-files.ts";

const Options = z.strictObject({ tenant: z.string().optional(), project: z.string().optional() });

export const check = command(Options, {
  name: "check",
  summary: "is the map right, or a stack? Reads files only",
  about:
    "Without an argument: all that is wrong with zcloud.yaml, zcloud.keys.json and context.json, with line and column.\n" +
    "With another map's file: what is wrong with that. With a directory, or its compose.yaml: what the policy and the\n" +
    "tenant's envelope say to it. Asks no host.",
  arguments: [{ name: "[path]", about: "directory of a stack, or a map", words: "directories" }],
  options: [
    { flags: "--tenant <tenant>", about: "whose stack it is", words: "tenants" },
    { flags: "--project <name>", about: "its name (default: the directory's)" },
  ],
  examples: [
    { line: "zctl check", about: "before zctl plan" },
    { line: "zctl check deploy/maps/example.yaml", about: "a map that is not in use" },
    { line: "zctl check deploy/stacks/hello --tenant demo", about: "before zctl deploy" },
  ],
  run: async (it, [given], { tenant, project }) => {
    const { dir, mapFile } = whatOf(given);
    const installation = mapFile === undefined ? await it.installation() : await loadInstallation(it.ports, mapFile);
    const { map } = installation;
    if (dir === undefined) {
      const hosts = map.sites.flatMap((site) => site.hosts).length;
      if (it.screen.jsonMode) {
        const { warnings } = installation;
        it.screen.json({ v: 1, map: installation.mapPath, problems: [], warnings, sites: map.sites.length, hosts });
      } else {
        for (const warning of installation.warnings) it.screen.line(it.screen.paint("yellow", formatProblem(warning)));
        const names = map.sites.map(({ name }) => name).join(" and ");
        it.screen.line(
          `${installation.mapPath} is right: ${names}, ${count(hosts, "host")}, ${count(map.tenants.length, "tenant")}.`,
        );
      }
      return "ok";
    }
    if (tenant === undefined) {
      throw new ZctlError("USAGE", "whose stack is it? give --tenant", { exit: "usage" });
    }
    const path = resolve(it.ports.cwd, dir);
    const name = projectName(path, project);
    const result = readStack({ tenant, project: name, files: await stackFiles(it.ports.local, path) }, map);
    const problems = result.ok ? [] : result.problems;
    const keys = result.ok ? result.spec.checked : 0;
    if (it.screen.jsonMode) it.screen.json({ v: 1, stack: `${tenant}/${name}`, problems, keys });
    for (const problem of problems) it.screen.line(printable(formatProblem(problem)));
    if (problems.length > 0) {
      it.screen.line(`${count(problems.length, "problem")}. Nothing was changed.`);
      return "problem";
    }
    it.screen.line(`${tenant}/${name} is right: ${count(keys, "key")} checked.`);
    return "ok";
  },
});

/** A file is a map, unless it is called as a stack's is. */
function whatOf(given: string | undefined): { readonly dir?: string; readonly mapFile?: string } {
  if (given === undefined) return {};
  if (!/\.ya?ml$/.test(given)) return { dir: given };
  return basename(given) === composeName ? { dir: dirname(given) } : { mapFile: given };
}
