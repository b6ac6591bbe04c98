import { type Action, type FileSet, type FileSpec, planFiles, type WriteFile } from "@zcloud/reconcile";
import {
  type CertificateStep,
  crtListText,
  type DiskCertificate,
  installSteps,
  type LoadedCertificates,
  removeSteps,
} from "./certificates.ts";
import { classOf, type SlotClassName } from "./classes.ts";
import { frontMaps, type MapEntries, type MapName, mapNames, mapPath, mapText, type Placed } from "./maps.ts";
import { byText } from "./order.ts";
import type { RunningServers } from "./parse.ts";
import { renderConfig } from "./render.ts";
import { endpointLabel, type Route } from "./routes.ts";
import { slotServers } from "./servers.ts";
import type { FrontSettings } from "./settings.ts";
import { allocate, type SlotState, slotsOf } from "./slots.ts";
import { dropSteps, entrySteps, type Step, serverSteps, slotMaps } from "./steps.ts";

export interface DesiredFront {
  readonly settings: FrontSettings;
  readonly routes: readonly Route[];
  /** Further files that HAProxy's unit needs, e.g. its drop-in; written first. */
  readonly unitFiles: FileSet;
}

/** The running HAProxy, as it says itself. */
export interface RunningFront {
  readonly pid: number;
  /** Seconds. */
  readonly uptime: number;
  /** Of the configuration that it was started with. */
  readonly description: string;
  readonly backends: ReadonlySet<string>;
  readonly servers: RunningServers;
  readonly maps: Readonly<Record<MapName, MapEntries>>;
  readonly certificates: LoadedCertificates;
}

export interface ObservedFront {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly files: FileSet;
  readonly slots: SlotState;
  /** Texts of the certificates of the peer link. */
  readonly inputs: readonly string[];
  /** Sorted by path. */
  readonly certificates: readonly DiskCertificate[];
  readonly placeholder: boolean;
  /** It starts at boot. */
  readonly enabled: boolean;
  /** Undefined while HAProxy does not run. */
  readonly running: RunningFront | undefined;
}

export type FrontAction = Action &
  (
    | { readonly kind: "make-placeholder" }
    | { readonly kind: "write-unit"; readonly files: readonly WriteFile[] }
    /** `check`: HAProxy must find the new configuration good before it stands on disk. */
    | { readonly kind: "write-config"; readonly files: readonly WriteFile[]; readonly check: boolean }
    | { readonly kind: "enable" }
    | { readonly kind: "start"; readonly description: string }
    | { readonly kind: "reload"; readonly description: string }
    | { readonly kind: "certificate"; readonly path: string; readonly steps: readonly CertificateStep[] }
    | { readonly kind: "route"; readonly steps: readonly Step[] }
  );

/** Routes in their slots, as a plan for this state of things would place them. */
export function place(
  routes: readonly Route[],
  slots: SlotState,
  now: number,
): { slots: SlotState; placed: readonly Placed[] } {
  const wishes = routes.map((route) => ({ key: route.key, class: classOf(route) }));
  const next = allocate(slots, wishes, now);
  const placed = routes.flatMap((route) => {
    const slot = next.taken[route.key]?.slot;
    return slot === undefined ? [] : [{ route, slot }];
  });
  return { slots: next, placed };
}

/**
 * Disk first, so that a reload or a power cut changes nothing; then the running process: certificates, then each route
 * with its name last; what leaves is unpublished first. A reload only where the static part is another.
 */
export function planFront(
  { settings, routes, unitFiles }: DesiredFront,
  observed: ObservedFront,
): readonly FrontAction[] {
  const { slots, placed } = place(routes, observed.slots, observed.now);
  const classes = slotsOf(slots);
  const config = renderConfig(settings, classes, placed, observed.inputs);
  const files = new Map<string, FileSpec>(configFiles(settings, slots, placed, observed.certificates));
  files.set(settings.paths.config, { content: config.text, mode: 0o644 });
  const seen = (paths: Iterable<string>): FileSet =>
    new Map(
      [...paths].flatMap((path) => {
        const file = observed.files.get(path);
        return file === undefined ? [] : [[path, file] as const];
      }),
    );
  const unit = writes(unitFiles, seen(unitFiles.keys()));
  const changed = writes(files, seen(files.keys()));
  const before = observed.files.get(settings.paths.config)?.content ?? "";
  const actions: FrontAction[] = [];
  if (unit.length > 0) actions.push({ kind: "write-unit", ...summary(unit), files: unit });
  if (!observed.placeholder) {
    actions.push({
      kind: "make-placeholder",
      change: "+",
      subject: "placeholder certificate",
      summary: "shown until a name has its own",
    });
  }
  if (changed.length > 0) {
    actions.push({
      kind: "write-config",
      ...summary(changed),
      files: changed,
      check: !before.includes(` ${config.description}\n`),
    });
  }
  const { description } = config;
  if (observed.running !== undefined && !observed.enabled) {
    actions.push({ kind: "enable", change: "+", subject: "haproxy", summary: "starts at every boot" });
  }
  if (observed.running === undefined) {
    actions.push({
      kind: "start",
      change: "+",
      subject: "haproxy",
      summary: "starts, now and at every boot",
      description,
    });
  } else if (observed.running.description !== description) {
    actions.push({
      kind: "reload",
      change: "~",
      subject: "haproxy",
      summary: "reloads, no request is lost",
      description,
    });
  } else {
    actions.push(...certificateActions(settings, observed.certificates, observed.running.certificates));
    actions.push(...routeActions(settings, classes, placed, observed.running));
  }
  return actions;
}

function configFiles(
  { paths }: FrontSettings,
  slots: SlotState,
  placed: readonly Placed[],
  certificates: readonly DiskCertificate[],
): [string, FileSpec][] {
  const maps = frontMaps(placed);
  return [
    [paths.slots, { content: `${JSON.stringify(slots, undefined, 1)}\n`, mode: 0o644 }],
    ...mapNames.map((name): [string, FileSpec] => [
      mapPath(paths.maps, name),
      { content: mapText(maps[name]), mode: 0o644 },
    ]),
    [paths.crtList, { content: crtListText(certificates), mode: 0o644 }],
  ];
}

function writes(desired: FileSet, observed: FileSet): readonly WriteFile[] {
  return planFiles(desired, observed).flatMap((action) => (action.kind === "write-file" ? [action] : []));
}

/** One line for people, whatever the number of files: they stand or fall together. */
function summary(files: readonly WriteFile[]): Pick<Action, "change" | "subject" | "summary" | "detail"> {
  const main = files.at(-1);
  const others = files.length - 1;
  return {
    change: main?.change ?? "~",
    subject: main?.subject ?? "",
    summary: `${main?.summary ?? ""}${others === 0 ? "" : `, and ${others} ${others === 1 ? "file" : "files"} with it`}`,
    detail: files.flatMap(({ detail }) => (detail === undefined ? [] : [detail])).join("\n"),
  };
}

function certificateActions(
  { paths }: FrontSettings,
  disk: readonly DiskCertificate[],
  loaded: LoadedCertificates,
): readonly FrontAction[] {
  const wanted = new Set(disk.map(({ path }) => path));
  const installs = disk.flatMap((certificate): FrontAction[] => {
    const steps = installSteps(certificate, loaded, paths.crtList);
    const { name, path, notAfter } = certificate;
    const until = `until ${new Date(notAfter).toISOString().slice(0, 10)}`;
    const change = loaded.list.includes(path) ? "~" : "+";
    return steps.length === 0
      ? []
      : [{ kind: "certificate", change, subject: name, summary: `certificate ${until}`, path, steps }];
  });
  const removals = loaded.list
    .filter((path) => !wanted.has(path))
    .map((path): FrontAction => {
      const subject = path.slice(path.lastIndexOf("/") + 1).replace(/\.pem$/, "");
      const steps = removeSteps(path, paths.crtList);
      return { kind: "certificate", change: "-", subject, summary: "certificate is gone from disk", path, steps };
    });
  return [...installs, ...removals];
}

function routeActions(
  settings: FrontSettings,
  classes: ReadonlyMap<number, SlotClassName>,
  placed: readonly Placed[],
  running: RunningFront,
): readonly FrontAction[] {
  const maps = frontMaps(placed);
  const bySlot = new Map(placed.map(({ route, slot }) => [slot, route]));
  const entry = (name: MapName, key: string): readonly Step[] => {
    return entrySteps(settings.paths.maps, name, key, maps[name].get(key), running.maps[name]);
  };
  const publish = placed.flatMap(({ route, slot }): FrontAction[] => {
    const name = classes.get(slot);
    if (name === undefined) return [];
    const servers = slotServers(slot, name, route, settings);
    const steps = [
      ...slotMaps.flatMap((map) => entry(map, `e${slot}`)),
      ...serverSteps(servers, running.servers),
      ...route.names.flatMap((host) => entry("hosts", host)),
      ...dropSteps([`e${slot}`, `l${slot}`], servers, running.servers),
    ];
    if (steps.length === 0) return [];
    const change = route.names.some((host) => running.maps.hosts.has(host)) ? "~" : "+";
    return [{ kind: "route", change, subject: route.names.join(" "), summary: routeSummary(route, settings), steps }];
  });
  const unpublish = [...running.maps.hosts.keys()]
    .filter((host) => !maps.hosts.has(host))
    .sort(byText)
    .map((host): FrontAction => {
      return {
        kind: "route",
        change: "-",
        subject: host,
        summary: "no endpoint has this name",
        steps: entry("hosts", host),
      };
    });
  const empty = [...classes.keys()].flatMap((slot): FrontAction[] => {
    if (bySlot.has(slot)) return [];
    const steps = [
      ...dropSteps([`e${slot}`, `l${slot}`], [], running.servers),
      ...slotMaps.flatMap((map) => entry(map, `e${slot}`)),
    ];
    return steps.length === 0
      ? []
      : [{ kind: "route", change: "-", subject: `slot ${slot}`, summary: "servers leave", steps }];
  });
  return [...publish, ...unpublish, ...empty];
}

/** `-> garden/wiki:web, peer south`. */
function routeSummary({ key, servers, peer }: Route, settings: FrontSettings): string {
  const parts = [
    ...(servers.length > 0 ? [endpointLabel(key)] : []),
    ...(peer && settings.peer !== undefined ? [`peer ${settings.peer.site}`] : []),
  ];
  return `-> ${parts.join(", ") || `${endpointLabel(key)}, which has no server now`}`;
}
