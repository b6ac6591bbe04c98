import type { Keys, ZMap } from "@zcloud/map";
import { type Action, changedLines, type FileAction, type FileSet, type FileSpec, planFiles } from "@zcloud/reconcile";
import { type Places, productionPlaces, renderDropIn, renderLeafKey, renderNats } from "./render.ts";

export interface NatsDesired {
  readonly map: ZMap;
  readonly keys: Keys;
  readonly site: string;
}

/** What this host was enrolled with: PEM texts and its nkey seed. */
export interface Material {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly seed: string;
}

export interface NatsObserved {
  readonly material: Material;
  /** The server's files and the unit's drop-in, as far as they are there. */
  readonly files: FileSet;
  /** When the newest of the server's files was written, milliseconds since the epoch. */
  readonly writtenAt: number;
  /** When the running server read its configuration; undefined when none answers. */
  readonly loadedAt: number | undefined;
  readonly enabled: boolean;
}

export interface WriteUnit extends Action {
  readonly kind: "write-unit";
  readonly files: readonly FileAction[];
}

/** All files of the server at once: they are checked together, and put back together when it does not run with them. */
export interface Configure extends Action {
  readonly kind: "configure";
  readonly files: FileSet;
}

export interface Run extends Action {
  readonly kind: "start" | "reload";
}

export type NatsAction = WriteUnit | Configure | Run;

const configName = "nats-server.conf";

/** The server's own copies, readable for its user: configuration, certificate and keys. */
export function serverFiles(
  { map, keys, site }: NatsDesired,
  { ca, cert, key, seed }: Material,
  places: Places = productionPlaces,
): FileSet {
  const readable: Omit<FileSpec, "content"> = { mode: 0o640, owner: places.owner };
  const at = (name: string) => `${places.directory}/${name}`;
  return new Map<string, FileSpec>([
    [at("ca.crt"), { content: ca, ...readable }],
    [at("host.crt"), { content: cert, ...readable }],
    [at("host.key"), { content: key, secret: true, ...readable }],
    [at("leaf.conf"), { content: renderLeafKey(seed), secret: true, ...readable }],
    [at(configName), { content: renderNats(map, keys, site, places), ...readable }],
  ]);
}

export function serverPaths({ directory }: Places): readonly string[] {
  return ["ca.crt", "host.crt", "host.key", "leaf.conf", configName].map((name) => `${directory}/${name}`);
}

/** Unit first, then the files, then the server: started where none runs, reloaded where one runs with older files. */
export function planNats(
  desired: NatsDesired,
  observed: NatsObserved,
  places: Places = productionPlaces,
): readonly NatsAction[] {
  const unit = new Map([[places.unit, { content: renderDropIn(places), mode: 0o644 }]]);
  const present = (wanted: (path: string) => boolean) => new Map([...observed.files].filter(([path]) => wanted(path)));
  const unitActions = planFiles(
    unit,
    present((path) => path === places.unit),
  );
  const files = serverFiles(desired, observed.material, places);
  const fileActions = planFiles(
    files,
    present((path) => path !== places.unit),
  );
  return [
    ...unitActions.map((action): WriteUnit => ({ ...action, kind: "write-unit", files: [action] })),
    ...(fileActions.length > 0 ? [configure(fileActions, files, observed.files)] : run(observed)),
  ];
}

function configure(actions: readonly FileAction[], files: FileSet, before: FileSet): Configure {
  const config = actions.find(({ subject }) => subject === configName);
  const others = actions.filter((action) => action !== config).map(({ subject }) => subject);
  const text = (set: FileSet) => [...set].find(([path]) => path.endsWith(`/${configName}`))?.[1].content;
  const lines = changedLines(text(before) ?? "", text(files) ?? "");
  const summary = [...(config === undefined ? [] : [lines]), ...others].join(", ");
  const detail = config?.detail === undefined ? {} : { detail: config.detail };
  const change = text(before) === undefined ? "+" : "~";
  return { kind: "configure", change, subject: configName, summary, files, ...detail };
}

function run({ enabled, loadedAt, writtenAt }: NatsObserved): readonly Run[] {
  const subject = "nats-server";
  if (loadedAt === undefined || !enabled)
    return [{ kind: "start", change: "+", subject, summary: "start, and at every boot" }];
  return loadedAt < writtenAt
    ? [{ kind: "reload", change: "~", subject, summary: "read its configuration again" }]
    : [];
}
