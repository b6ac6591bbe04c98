import type { SignedMap } from "@zcloud/events";
import { CommandError, FileError, type Host } from "@zcloud/host";
import { formatProblem } from "@zcloud/map";
import type { Logger } from "pino";
import { type MapView, viewMap } from "./map-view.ts";
import type { RolePaths } from "./paths.ts";
import type { NewEvent, StatusProblem } from "./role.ts";
import { parseSignedMap, type Verdict, verifySignedMap } from "./verify-map.ts";

/** Where maps come from: written by `zctl apply` over SSH, or by the bus. */
export type MapSource = "file" | "bus";

export interface MapStoreOptions {
  readonly id: string;
  readonly host: Host;
  readonly paths: RolePaths;
  readonly log: Logger;
  readonly event: (event: NewEvent) => void;
}

/** The newest validly signed map that this host has seen; survives restarts, never goes back. */
export interface MapStore {
  current(): MapView | undefined;
  /** The last accepted map of earlier runs. */
  load(): Promise<void>;
  /** Looks at /etc/zcloud/map.json if it is not as it was. */
  lookAtFile(): Promise<void>;
  /** A map as it came; repeated offers of the same one are free. */
  offer(source: MapSource, signed: SignedMap): Promise<void>;
  onChange(listener: (view: MapView) => void): () => void;
  problems(): readonly StatusProblem[];
}

interface Held {
  readonly signed: SignedMap;
  readonly view: MapView;
}

export function createMapStore(options: MapStoreOptions): MapStore {
  const { host, paths, id } = options;
  const listeners = new Set<(view: MapView) => void>();
  const refusals = new Map<MapSource, string>();
  const seen = new Map<MapSource, string>();
  let held: Held | undefined;
  let fileStamp = "";
  let queue: Promise<void> = Promise.resolve();

  /** One offer at a time: two could otherwise both be newer than what is held. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    queue = queue.then(work, work);
    return queue;
  }

  async function consider(source: MapSource, parsed: Verdict): Promise<void> {
    const print = parsed.ok ? JSON.stringify(parsed.signed) : parsed.reason;
    const before = seen.get(source);
    if (before === print) return;
    seen.set(source, print);
    refuse(source, parsed.ok ? await take(source, parsed.signed, before === undefined) : parsed.reason);
  }

  function refuse(source: MapSource, reason: string | undefined): void {
    if (reason === undefined) refusals.delete(source);
    else if (refusals.get(source) !== reason) {
      refusals.set(source, reason);
      options.event({ kind: "map-refused", level: "error", subject: sourceName(source, paths), reason });
    }
  }

  /** As `reasonToRefuse`; where this machine is the reason, the map is looked at again the next time. */
  async function take(source: MapSource, signed: SignedMap, first: boolean): Promise<string | undefined> {
    try {
      return await reasonToRefuse(source, signed, first);
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof FileError)) throw error;
      seen.delete(source);
      if (source === "file") fileStamp = "";
      return `it could not be taken: ${error.message}`;
    }
  }

  /** Takes the map if it should be taken. Returns why it is refused; undefined if it is taken or simply not news. */
  async function reasonToRefuse(source: MapSource, signed: SignedMap, first: boolean): Promise<string | undefined> {
    const current = held?.signed;
    if (current !== undefined && signed.generation < current.generation) {
      // What a source held before this service began may be old; a source that goes back is another matter.
      if (first) return undefined;
      return `generation ${signed.generation} is older than ${current.generation}, which is in force`;
    }
    if (current !== undefined && signed.generation === current.generation) {
      if (signed.map === current.map && signed.keys === current.keys) return undefined;
      return `generation ${signed.generation} is in force with another text: two maps carry the same number`;
    }
    const operators = `${paths.etc}/operators`;
    const verdict = await verifySignedMap({ host, operators, scratch: paths.state }, signed);
    if (!verdict.ok) return verdict.reason;
    const viewed = viewMap(signed.generation, signed.map, signed.keys, id);
    if (!viewed.ok) return viewed.problems.map(formatProblem).join("; ");
    await host.write(statePath(paths), `${JSON.stringify(signed)}\n`, { mode: 0o600 });
    accept(source, { signed, view: viewed.view });
    return undefined;
  }

  function accept(source: MapSource | "state", next: Held): void {
    held = next;
    const { generation } = next.view;
    options.log.info({ generation, source, signer: next.signed.signer }, "map in force");
    if (source !== "state") {
      const reason = `generation ${generation}, signed by ${next.signed.signer}`;
      options.event({ kind: "map-accepted", level: "info", subject: "zcloud.yaml", reason, actor: next.signed.signer });
    }
    for (const listener of listeners) listener(next.view);
  }

  return {
    current: () => held?.view,
    load: () =>
      inTurn(async () => {
        const text = await host.read(statePath(paths));
        if (text === undefined) return;
        // Verified when it was taken; an operator's key that was withdrawn since doesn't undo what was in force.
        const parsed = parseSignedMap(text);
        const viewed = parsed.ok
          ? viewMap(parsed.signed.generation, parsed.signed.map, parsed.signed.keys, id)
          : undefined;
        if (parsed.ok && viewed?.ok) accept("state", { signed: parsed.signed, view: viewed.view });
        else
          options.log.warn(
            { path: statePath(paths), reason: parsed.ok ? "it does not fit" : parsed.reason },
            "last known map is unusable",
          );
      }),
    lookAtFile: () =>
      inTurn(async () => {
        const path = `${paths.etc}/map.json`;
        const stat = await host.stat(path);
        const stamp = stat === undefined ? "" : `${stat.mtime} ${stat.size}`;
        if (stamp === fileStamp) return;
        fileStamp = stamp;
        const text = stat === undefined ? undefined : await host.read(path);
        if (text !== undefined) await consider("file", parseSignedMap(text));
      }),
    offer: (source, signed) => inTurn(() => consider(source, { ok: true, signed })),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    problems: () =>
      [...refusals].map(([source, reason]) => ({
        what: `the map in ${sourceName(source, paths)} is refused: ${reason}`,
        remedy: "zctl apply",
      })),
  };
}

const statePath = (paths: RolePaths): string => `${paths.state}/map.json`;
const sourceName = (source: MapSource, paths: RolePaths): string =>
  source === "file" ? `${paths.etc}/map.json` : "the bus";
