import { type Action, type FileSet, type FileSpec, planFiles, type WriteFile } from "@zcloud/reconcile";
import type { FrontAction } from "./actions.ts";
import { crtListText, type DiskCertificate, type LoadedCertificates } from "./certificates.ts";
import { type FrontMaps, type MapEntries, type MapName, mapMaker, mapNames, mapPath } from "./maps.ts";
import type { RunningServers } from "./parse.ts";
import { place } from "./place.ts";
import { certificatePlanner } from "./plan-certificates.ts";
import { routePlanner } from "./plan-routes.ts";
import { remember, steady } from "./remember.ts";
import { configRenderer, type RenderedConfig } from "./render.ts";
import type { Route } from "./routes.ts";
import type { FrontSettings } from "./settings.ts";
import { routeSharing } from "./share-routes.ts";
import { type SlotState, slotsOf } from "./slots.ts";
import { slotsFile } from "./slots-file.ts";

export type { FrontAction } from "./actions.ts";

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

export type FrontPlanner = (desired: DesiredFront, observed: ObservedFront) => readonly FrontAction[];

/**
 * Disk first, so that a reload or a power cut changes nothing; then the running process: certificates, then each route
 * with its name last; what leaves is unpublished first. A reload only where the static part is another.
 */
export const planFront: FrontPlanner = (desired, observed) => frontPlanner()(desired, observed);

/**
 * `planFront`, which remembers what it made of the last input: a plan is a function of what is desired and observed, and
 * mostly neither is different. What is the very same object is not looked into. `unchanged` hears of files that need no
 * write, so that a second copy of their text can go. `slotsText`: of the file that keeps the slots.
 */
export function frontPlanner(
  unchanged: (path: string, content: string) => void = () => {},
  slotsText = slotsFile().text,
): FrontPlanner {
  const sameSettings = steady<FrontSettings>((settings) => JSON.stringify(settings));
  const sameRoutes = routeSharing();
  const sameInputs = steady<readonly string[]>((inputs) => inputs.join("\n"));
  const sameBlocks = steady<SlotState>(({ blocks }) => JSON.stringify(blocks));
  const classesOf = remember(slotsOf);
  const rendered = remember(configRenderer());
  const mapsOf = remember(mapMaker());
  const textsOf = remember(configFiles);
  const certificatesOf = remember(certificatePlanner());
  const routesOf = routePlanner();

  return ({ settings: wanted, routes, unitFiles }, observed) => {
    const settings = sameSettings(wanted);
    const { slots, placed } = place(sameRoutes(routes), observed.slots, observed.now);
    const classes = classesOf(sameBlocks(slots));
    const maps = mapsOf(placed);
    const config = rendered(settings, classes, placed, sameInputs(observed.inputs));
    const texts = textsOf(settings, slotsText(slots), maps.texts, observed.certificates);
    const acts: RunningPlans = {
      certificates: ({ certificates: { list, fingerprints }, ...running }) =>
        certificatesOf(settings, observed.certificates, list, fingerprints, processOf(running)),
      routes: (running) => {
        const { servers } = running;
        return routesOf({
          ...{ settings, classes, placed, maps: maps.entries, servers },
          ...{ process: processOf(running), running: running.maps },
        });
      },
    };
    const files = new Map<string, FileSpec>(texts);
    files.set(settings.paths.config, { content: config.text, mode: 0o644 });
    const actions = assemble({ settings, slots, unitFiles, config, files, observed, acts });
    const written = new Set(
      actions.flatMap((action) => (action.kind === "write-config" ? action.files : [])).map(({ path }) => path),
    );
    for (const [path, { content }] of files) if (!written.has(path)) unchanged(path, content);
    return actions;
  };
}

/** What was left as it should be in one process says nothing of another. */
function processOf({ pid, description }: Pick<RunningFront, "pid" | "description">): string {
  return `${pid} ${description}`;
}

/** What is left to do in a running process that has the right configuration. */
interface RunningPlans {
  readonly certificates: (running: RunningFront) => readonly FrontAction[];
  readonly routes: (running: RunningFront) => readonly FrontAction[];
}

interface Parts {
  readonly settings: FrontSettings;
  readonly slots: SlotState;
  readonly unitFiles: FileSet;
  readonly config: RenderedConfig;
  readonly files: FileSet;
  readonly observed: ObservedFront;
  readonly acts: RunningPlans;
}

function assemble({ settings, slots, unitFiles, config, files, observed, acts }: Parts): readonly FrontAction[] {
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
      summary: `reloads, no request is lost${grown(observed.slots, slots)}`,
      description,
    });
  } else {
    actions.push(...acts.certificates(observed.running));
    actions.push(...acts.routes(observed.running));
  }
  return actions;
}

/** `: 32 more slots for quick-many`: the pool grows before it is used up. */
function grown(before: SlotState, after: SlotState): string {
  const fresh = after.blocks.slice(before.blocks.length).map((block) => `${block.count} more slots for ${block.class}`);
  return fresh.length === 0 ? "" : `: ${fresh.join(", ")}`;
}

function configFiles(
  { paths }: FrontSettings,
  slots: string,
  maps: FrontMaps["texts"],
  certificates: readonly DiskCertificate[],
): FileSet {
  return new Map([
    [paths.slots, { content: slots, mode: 0o644 }],
    ...mapNames.map((name): [string, FileSpec] => [mapPath(paths.maps, name), { content: maps[name], mode: 0o644 }]),
    [paths.crtList, { content: crtListText(certificates), mode: 0o644 }],
  ]);
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
