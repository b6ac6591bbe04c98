import { resolve } from "node:path";
import { readStack, type StackSpec } from "@zcloud/daemons/stack";
import { formatProblem, hostsOf, type Site, siteOf, type ZMap, znetOf } from "@zcloud/map";
import * as z from "zod";
import { actorOf } from "../actor.ts";
import { certificateLine, hostLine, mark, servedLine } from "../deploy-screen.ts";
import { type Exit, ZctlError } from "../exit.ts";
import { type Door, type Following, followDoor, followSite, type HostResult } from "../follow.ts";
import { siteNamed } from "../installation.ts";
import type { Invocation } from "../invocation.ts";
import { done, everywhere, exitOf, missing } from "../parallel.ts";
import { count } from "../screen.ts";
import { command } from "../spec.ts";
import { projectName, stackFiles } from "../stack-files.ts";
import type { Sent } from "../stack-report.ts";

const Options = z.strictObject({
  tenant: z.string(),
  site: z.string().optional(),
  project: z.string().optional(),
  wait: z.boolean().default(true),
  patience: z.coerce.number().int().min(1).max(3600).default(90),
});
const Accepted = z.looseObject({ digest: z.string(), deployedAt: z.string() });

export const deploy = command(Options, {
  name: "deploy",
  summary: "put a compose stack in service, and see it served",
  about:
    "Checks the directory's compose.yaml against the policy, gives the stack to the sites, and follows it until every\n" +
    "name answers through both front doors. What is not checked there is not called served. What ran before goes on if\n" +
    "the new version is refused or fails. The same again is another try.",
  arguments: [{ name: "<dir>", about: "directory with compose.yaml", words: "directories" }],
  options: [
    { flags: "--tenant <tenant>", about: "whose stack it is", words: "tenants" },
    { flags: "--site <site>", about: "a site, or both (default: the stack's home, else both)", words: "sites" },
    { flags: "--project <name>", about: "its name (default: the directory's)" },
    { flags: "--wait", about: "follow it until it is served (default)" },
    { flags: "--no-wait", about: "only give it to the sites" },
    { flags: "--patience <seconds>", about: "how long to follow it (90)" },
  ],
  examples: [
    { line: "zctl deploy deploy/stacks/hello --tenant demo", about: "at both sites" },
    { line: "zctl deploy ./wiki --tenant garden --site north", about: "at one site; the other's front leads there" },
  ],
  run: async (it, [dir = ""], options) => {
    const installation = await it.installation();
    const { map } = installation;
    const began = it.ports.now();
    const path = resolve(it.ports.cwd, dir);
    const project = projectName(path, options.project);
    const files = await stackFiles(it.ports.local, path);
    const spec = await checked(it, map, { tenant: options.tenant, project, files });
    const sites = targetSites(map, spec, options.site);

    const sent = await everywhere(
      sites.map(({ name }) => znetOf(map, name)),
      it.signal,
      async (entry) => {
        const body = { tenant: options.tenant, project, files, actor: actorOf(it, map) };
        return (await it.agent(entry)).value("/v1/stacks", Accepted, { method: "POST", body, signal: it.signal });
      },
    );
    const accepted = done(sent);
    const lost = missing(sent, map.sites);
    for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(mark(false, "accepted", line, paint(it)));
    const digest = accepted[0]?.value.digest;
    if (digest === undefined) {
      if (it.screen.jsonMode)
        it.screen.json({
          ...start(options.tenant, spec),
          accepted: [],
          failed: lost.failed,
          unreachable: lost.unreachable,
          hosts: [],
          names: [],
        });
      return exitOf(sent);
    }
    const what: Following = {
      installation,
      tenant: options.tenant,
      project,
      began,
      until: began + options.patience * 1000,
    };
    const at = accepted.map(({ entry, value }) => ({ ...siteOf(map, entry.site), sent: value }));
    const { hosts, names } = options.wait ? await follow(it, spec, at, what) : { hosts: [], names: [] };
    if (!options.wait)
      it.screen.line(mark(true, "accepted", `by ${at.map(({ name }) => name).join(" and ")}; not followed`, paint(it)));
    if (it.screen.jsonMode) {
      it.screen.json({
        ...start(options.tenant, spec),
        digest,
        accepted: at.map(({ name }) => name),
        failed: lost.failed,
        unreachable: lost.unreachable,
        hosts,
        names,
        ms: it.ports.now() - began,
      });
    }
    return outcome(exitOf(sent), hosts, names);
  },
});

interface Served {
  readonly name: string;
  readonly url: string;
  readonly doors: readonly Door[];
}

function start(tenant: string, { project, checked: keys }: StackSpec): { v: 1; stack: string; keys: number } {
  return { v: 1, stack: `${tenant}/${project}`, keys };
}

function paint(it: Invocation): Parameters<typeof hostLine>[1] {
  return (colour, text) => it.screen.paint(colour, text);
}

/** The policy's word, before anything leaves this machine. Agents have the last one. */
async function checked(it: Invocation, map: ZMap, stack: Parameters<typeof readStack>[0]): Promise<StackSpec> {
  const result = readStack(stack, map);
  if (!result.ok) {
    throw new ZctlError("POLICY", `${count(result.problems.length, "problem")}. Nothing was changed.`, {
      details: result.problems.map(formatProblem),
    });
  }
  it.screen.line(mark(true, "policy", `${count(result.spec.checked, "key")} checked`, paint(it)));
  return result.spec;
}

/** Sites that get the stack. A stack with a home cannot be sent elsewhere: its data is there. */
export function targetSites(map: ZMap, spec: Pick<StackSpec, "home">, asked: string | undefined): readonly Site[] {
  const sites = asked === undefined || asked === "both" ? map.sites : [siteNamed(map, asked)];
  if (spec.home === undefined) return sites;
  if (asked === "both" || !sites.some(({ name }) => name === spec.home)) {
    throw new ZctlError("USAGE", `the stack's home is ${spec.home} (x-zcloud in its compose.yaml)`, {
      exit: "usage",
      remedy: `leave --site out, or change home there; its data does not move by itself`,
    });
  }
  return [siteNamed(map, spec.home)];
}

async function follow(
  it: Invocation,
  spec: StackSpec,
  sites: readonly (Site & { readonly sent: Sent })[],
  what: Following,
): Promise<{ readonly hosts: readonly HostResult[]; readonly names: readonly Served[] }> {
  const { map } = what.installation;
  const waiting = it.screen.progress(`starting ${what.tenant}/${what.project}`);
  try {
    const hosts = await Promise.all(
      sites.map(async ({ name, sent }) => {
        const result = await followSite(it, name, hostsOf(map, spec.role, name), sent, what);
        it.screen.line(hostLine(result, paint(it)));
        return result;
      }),
    );
    if (!hosts.some(({ kind }) => kind === "healthy")) return { hosts, names: [] };
    const endpoints = spec.services.flatMap(({ endpoint }) => endpoint ?? []);
    const names = endpoints.flatMap(({ names: all, health, passthrough }) =>
      all.map((name) => ({ name, path: passthrough === undefined ? health : undefined })),
    );
    waiting.say(`asking ${count(names.length, "name")} through both front doors`);
    const served = await Promise.all(
      names.map(async ({ name, path }): Promise<Served> => {
        const doors = await Promise.all(map.sites.map((site) => followDoor(it, site, name, path, what)));
        return { name, url: `https://${name}${path ?? "/"}`, doors };
      }),
    );
    for (const { name, doors } of served) {
      const certificate = certificateLine(name, doors, paint(it));
      if (certificate !== undefined) it.screen.line(certificate);
    }
    for (const { name, url, doors } of served) {
      it.screen.line(servedLine(name, new URL(url).pathname, doors, paint(it)));
    }
    return { hosts, names: served };
  } finally {
    waiting.done();
  }
}

function outcome(sent: Exit, hosts: readonly HostResult[], names: readonly Served[]): Exit {
  const unserved = names.some(({ doors }) => doors.some(({ servedAfter }) => servedAfter === undefined));
  if (sent === "problem" || unserved || hosts.some(({ kind }) => kind === "failed" || kind === "late"))
    return "problem";
  return sent === "unreachable" || hosts.some(({ kind }) => kind === "unreachable") ? "unreachable" : "ok";
}
