import { zfrontOf } from "@zcloud/map";
import type { FileSpec } from "@zcloud/reconcile";
import { frontSettings } from "./index.ts";
import { mapNames } from "./maps.ts";
import type { RunningServer } from "./parse.ts";
import type { FrontAction, ObservedFront } from "./plan.ts";
import { SlotState, slotsOf } from "./slots.ts";
import { labMap } from "./two-fronts.test-support.ts";

const map = labMap();
export const settings = frontSettings(map, zfrontOf(map, "north"), "x".repeat(43));

/** HAProxy and the disk as far as plans can tell: carries out steps one by one, and lets `look` see each state between. */
export function carryOut(
  observed: ObservedFront,
  action: FrontAction,
  look: (state: ObservedFront) => void = () => {},
): ObservedFront {
  if (action.kind === "enable") return { ...observed, enabled: true };
  if (action.kind === "make-placeholder") return { ...observed, placeholder: true };
  if (action.kind === "write-config" || action.kind === "write-unit") {
    const files = new Map<string, FileSpec>([
      ...observed.files,
      ...action.files.map(({ path, spec }) => [path, spec] as const),
    ]);
    const slots = files.get(settings.paths.slots);
    return {
      ...observed,
      files,
      slots: slots === undefined ? observed.slots : SlotState.parse(JSON.parse(slots.content)),
    };
  }
  if (action.kind === "start" || action.kind === "reload")
    return { ...observed, running: load(observed, action.description) };
  if (action.kind === "certificate" || observed.running === undefined) throw new Error(`unexpected ${action.kind}`);
  let state = observed;
  const backends = new Set([...slotsOf(observed.slots).keys()].flatMap((slot) => [`e${slot}`, `l${slot}`]));
  for (const { command } of action.steps) {
    state = { ...state, running: step(state.running ?? load(state, ""), backends, command) };
    look(state);
  }
  return state;
}

export type Running = NonNullable<ObservedFront["running"]>;

/** What a process has that was just started with the files on disk. */
export function load({ files }: ObservedFront, description: string): Running {
  const servers = new Map<string, Map<string, RunningServer>>();
  let backend = "";
  for (const line of (files.get(settings.paths.config)?.content ?? "").split("\n")) {
    const [, name] = /^backend (\S+)/.exec(line) ?? [];
    backend = name ?? backend;
    const [, server, address, port, rest] = /^ {4}server (\S+) ([\d.]+):(\d+) (.*)$/.exec(line) ?? [];
    if (server === undefined) continue;
    const group = servers.get(backend) ?? new Map<string, RunningServer>();
    servers.set(
      backend,
      group.set(server, {
        address: address ?? "",
        port: Number(port),
        maintenance: rest?.endsWith("disabled") ?? false,
        draining: false,
        busy: 0,
        status: "UP",
      }),
    );
  }
  const maps = Object.fromEntries(
    mapNames.map((name) => {
      const text = files.get(`${settings.paths.maps}/${name}.map`)?.content ?? "";
      return [
        name,
        new Map(text.split("\n").flatMap((line) => (line === "" ? [] : [line.split(" ") as [string, string]]))),
      ];
    }),
  ) as unknown as Running["maps"];

  return {
    pid: 1,
    uptime: 1,
    description,

    servers,
    maps,
    certificates: { list: new Map(), fingerprints: new Map() },
  };
}

function step(running: Running, backends: ReadonlySet<string>, command: string): Running {
  const words = command.split(" ");
  const servers = new Map([...running.servers].map(([backend, group]) => [backend, new Map(group)]));
  const maps = Object.fromEntries(
    Object.entries(running.maps).map(([name, entries]) => [name, new Map(entries)]),
  ) as Record<string, Map<string, string>>;
  const [verb = "", noun = "", third = "", fourth = "", fifth = ""] = words;
  if (noun === "map") {
    const entries = maps[third.replace(/^.*\/(\w+)\.map$/, "$1")];
    if (entries === undefined || entries.has(fourth) === (verb === "add"))
      throw new Error(`HAProxy would refuse: ${command}`);
    if (verb === "del") entries.delete(fourth);
    else entries.set(fourth, fifth);
  } else if (noun !== "health") {
    const [backend = "", name = ""] = third.split("/");
    if (!backends.has(backend)) throw new Error(`no such backend: ${command}`);

    const group = servers.get(backend) ?? new Map<string, RunningServer>();
    servers.set(backend, group);
    const server = group.get(name);
    if ((server === undefined) !== (verb === "add")) throw new Error(`HAProxy would refuse: ${command}`);
    const [address = "", port = ""] = fourth.split(":");
    const now = server ?? { address, port: Number(port), maintenance: true, draining: false, busy: 0, status: "UP" };
    if (verb === "del" && !now.maintenance) throw new Error(`not in maintenance: ${command}`);
    if (verb === "del") group.delete(name);
    else if (verb === "enable") group.set(name, { ...now, maintenance: false });
    else if (fourth === "addr") group.set(name, { ...now, address: fifth, port: Number(words[6]) });
    else if (fourth === "state")
      group.set(name, { ...now, maintenance: fifth === "maint", draining: fifth === "drain" });
    else group.set(name, now);
  }
  return { ...running, servers, maps: maps as unknown as Running["maps"] };
}

/** Names that lead to a slot with a server that takes requests, and names that lead to one without. */
export function reachability({ running }: ObservedFront): {
  readonly alive: ReadonlySet<string>;
  readonly dead: ReadonlySet<string>;
} {
  const alive = new Set<string>();
  const dead = new Set<string>();
  for (const [name, slot] of running?.maps.hosts ?? []) {
    (servingIn(running, `e${slot}`).length > 0 ? alive : dead).add(name);
  }
  return { alive, dead };
}

/** `e1/s1 127.0.0.1:80` of all servers that take requests. */
export function serving(running: Running | undefined): readonly string[] {
  return [...(running?.servers.keys() ?? [])].flatMap((backend) => servingIn(running, backend)).sort();
}

function servingIn(running: Running | undefined, backend: string): readonly string[] {
  return [...(running?.servers.get(backend) ?? [])].flatMap(([name, { address, port, maintenance, draining }]) => {
    return maintenance || draining ? [] : [`${backend}/${name} ${address}:${port}`];
  });
}
