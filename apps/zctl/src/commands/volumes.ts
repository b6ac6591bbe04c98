import { hostsOf, parseSize } from "@zcloud/map";
import * as z from "zod";
import { actorOf } from "../actor.ts";
import type { AskOptions } from "../agents.ts";
import { type Exit, ZctlError } from "../exit.ts";
import type { Invocation } from "../invocation.ts";
import { printable } from "../screen.ts";
import { command } from "../spec.ts";
import { renderVolume, renderVolumes, Volume, Volumes } from "../volumes-screen.ts";

const actions = ["resize", "snapshot", "forget", "clone", "trash", "recover", "purge"] as const;
type Action = (typeof actions)[number];

const usage: Readonly<Record<Action, string>> = {
  resize: "zctl volumes resize TENANT/STACK/VOLUME SIZE",
  snapshot: "zctl volumes snapshot TENANT/STACK/VOLUME [NAME]",
  forget: "zctl volumes forget TENANT/STACK/VOLUME SNAPSHOT",
  clone: "zctl volumes clone TENANT/STACK/VOLUME SNAPSHOT TENANT/STACK/NEW",
  trash: "zctl volumes trash TENANT/STACK/VOLUME",
  recover: "zctl volumes recover TENANT/STACK/VOLUME",
  purge: "zctl volumes purge TENANT/STACK/VOLUME --yes",
};

export const volumes = command(z.strictObject({ yes: z.boolean().default(false) }), {
  name: "volumes",
  summary: "volumes with size, use and snapshots; or change one",
  about:
    "Both sites have the same volumes, each with a copy at either. A snapshot is taken every hour; those of 24 hours, 14 days and\n" +
    "8 weeks stay, and what you took yourself until you forget it. What is in the trash nobody can mount; it is lost after 14\n" +
    "days, or with purge. A copy (clone) of a snapshot is a volume of its own. Where the map says storage: local there are none here.",
  arguments: [
    { name: "[action]", about: "what to do, or the volume to show", words: actions },
    { name: "[volume]", about: "TENANT/STACK/VOLUME" },
    { name: "[what]", about: "a size, or a snapshot's name" },
    { name: "[to]", about: "the copy's name" },
  ],
  options: [{ flags: "--yes", about: "purge loses what is in it: yes, it may" }],
  examples: [
    { line: "zctl volumes", about: "all of them" },
    { line: "zctl volumes garden/wiki/pages", about: "one, with its snapshots" },
    { line: "zctl volumes snapshot garden/wiki/pages before-the-move", about: "as it is now" },
    {
      line: "zctl volumes clone garden/wiki/pages before-the-move garden/wiki/pages-old",
      about: "to look at what was",
    },
  ],
  run: async (it, [first, name, what, to], { yes }): Promise<Exit> => {
    if (first === undefined) return list(it, undefined);
    if (first.includes("/")) return list(it, first);
    const action = actions.find((one) => one === first);
    if (action === undefined)
      throw new ZctlError("USAGE", `${first} is nothing that volumes can do`, {
        exit: "usage",
        remedy: Object.values(usage).join("\n"),
      });
    if (name === undefined) throw missing(action);
    if (action === "purge" && !yes)
      throw new ZctlError("USAGE", `purge loses what is in ${name} for ever, its snapshots too`, {
        exit: "usage",
        remedy: usage.purge,
      });
    return change(it, name, wishOf(action, what, to, it.ports.now()));
  },
});

const missing = (action: Action) =>
  new ZctlError("USAGE", "something is missing", { exit: "usage", remedy: usage[action] });

function wishOf(action: Action, what: string | undefined, to: string | undefined, now: number): object {
  switch (action) {
    case "resize": {
      const size = what === undefined ? undefined : parseSize(what);
      if (size === undefined) throw missing(action);
      return { do: action, size };
    }
    case "snapshot":
      return { do: action, name: what ?? `by-hand-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")}` };
    case "forget":
      if (what === undefined) throw missing(action);
      return { do: action, name: what };
    case "clone":
      if (what === undefined || to === undefined) throw missing(action);
      return { do: action, name: what, to };
    default:
      return { do: action };
  }
}

async function list(it: Invocation, name: string | undefined): Promise<Exit> {
  const { volumes: all } = await ask(it, "/v1/volumes", Volumes, {});
  const found = name === undefined ? all : all.filter(({ volume }) => volume === name);
  if (it.screen.jsonMode) it.screen.json({ v: 1, volumes: found });
  const paint = (colour: Parameters<typeof it.screen.paint>[0], text: string) => it.screen.paint(colour, text);
  if (name === undefined) {
    it.screen.lines(renderVolumes(found, it.ports.now(), paint));
    return "ok";
  }
  const [one] = found;
  if (one === undefined)
    throw new ZctlError("UNKNOWN_NAME", `there is no volume ${name}`, { remedy: "zctl volumes tells which there are" });
  it.screen.lines(renderVolume(one, it.ports.now(), paint));
  return "ok";
}

async function change(it: Invocation, name: string, wish: object): Promise<Exit> {
  const { map } = await it.installation();
  if (name.split("/").length !== 3 || name.split("/").includes(""))
    throw new ZctlError("USAGE", `${name} is no volume's name`, { exit: "usage", remedy: "TENANT/STACK/VOLUME" });
  const path = `/v1/volumes/${name.split("/").map(encodeURIComponent).join("/")}?actor=${encodeURIComponent(actorOf(it, map))}`;
  const waiting = it.screen.progress(name);
  const Answer = z.looseObject({ volume: Volume.nullable() });
  const { volume } = await ask(it, path, Answer, { method: "POST", body: wish }).finally(() => waiting.done());
  if (it.screen.jsonMode) it.screen.json({ v: 1, volume });
  const paint = (colour: Parameters<typeof it.screen.paint>[0], text: string) => it.screen.paint(colour, text);
  it.screen.lines(volume === null ? [`${printable(name)} is gone`] : renderVolume(volume, it.ports.now(), paint));
  return "ok";
}

/** What a zstore says to what it can't do. */
const Refusal = z.looseObject({ error: z.string(), remedy: z.string().optional() });

/** Asks one site's zstore, the other's where that is out of reach or has no quorum: both have the same volumes. */
async function ask<S extends z.ZodType>(
  it: Invocation,
  path: string,
  schema: S,
  options: AskOptions,
): Promise<z.infer<S>> {
  const { map } = await it.installation();
  const said: string[] = [];
  for (const entry of hostsOf(map, "zstore")) {
    const agent = await it.agent(entry);
    const given = { timeout: 60_000, ...options, signal: it.signal, accept: [409, 503] };
    const answer = await agent.ask(path, z.union([schema, Refusal]), given);
    if (answer.kind === "refused" && answer.status === 400)
      throw new ZctlError("USAGE", answer.reason, { exit: "usage" });
    if (answer.kind !== "ok") {
      said.push(`${entry.id}: ${answer.reason}`);
      continue;
    }
    const refused = Refusal.safeParse(answer.value);
    if (!refused.success) return answer.value as z.infer<S>;
    const { error, remedy } = refused.data;
    if (remedy !== undefined) throw new ZctlError("REFUSED", printable(error), { remedy: printable(remedy) });
    said.push(`${entry.id}: ${printable(error)}`);
  }
  const remedy = "zctl status: are the zstores up, and do Ceph's monitors have a quorum?";
  throw new ZctlError("NO_ANSWER", "no zstore could do it", { details: said, remedy });
}
