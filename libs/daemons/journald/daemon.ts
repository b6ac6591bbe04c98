import { applyFile, commandSaid, type Host, observeFiles } from "@zcloud/host";
import type { Reconciler } from "@zcloud/reconcile";
import { senderPlaces } from "../rsyslog/places.ts";
import {
  type Backlog,
  type JournaldAction,
  type JournaldDesired,
  type JournaldObserved,
  type Place,
  planJournald,
  pressed,
} from "./plan.ts";
import { settingsPath } from "./render.ts";
import { type Archive, batches, createRoom, type Room } from "./room.ts";

export interface JournaldOptions {
  readonly host: Host;
  /** Where the sender says how far it has read. */
  readonly cursor: string;
  /** Debug lines were taken out before znet had them: how many. */
  readonly dropped?: (lines: number) => void;
  readonly room?: Room;
  /** Runs `work` while nobody sends: a reader that has files open whose lines move to another would miss some. */
  readonly unsent?: (work: () => Promise<void>) => Promise<void>;
}

export interface Journald extends Reconciler<JournaldDesired, JournaldObserved, JournaldAction> {
  /** As of the last look. */
  backlog(): Backlog | undefined;
}

/** Keeps journald's settings, and knows how much of the journal znet does not have yet. */
export function createJournald({
  host,
  cursor,
  dropped,
  room = createRoom({ host }),
  unsent = (work) => withoutSender(host, work),
}: JournaldOptions): Journald {
  let latest: Backlog | undefined;
  let settling = false;

  async function observe(signal: AbortSignal): Promise<JournaldObserved> {
    const [oldest, newest] = [await placeOf("--lines=+1", signal), await placeOf("--lines=1", signal)];
    const sent = placeIn((await host.read(cursor)) ?? "");
    latest = { oldest, newest, sent, bytes: await room.bytes(signal) };
    const made = settling;
    settling = false;
    // Files are looked into only where room may be wanted.
    const strippable = pressed(latest) ? await room.withDebug(sent?.at ?? 0, signal) : [];
    return { files: await observeFiles(host, [settingsPath]), backlog: latest, strippable, made };
  }

  /** Of the first or last line. */
  async function placeOf(which: string, signal: AbortSignal): Promise<Place | undefined> {
    const argv = ["journalctl", "--quiet", "--no-pager", "--output=cat", "--show-cursor", which];
    return placeIn((await host.run(argv, { signal })).stdout);
  }

  async function makeRoom(archives: readonly Archive[], until: number, signal: AbortSignal): Promise<void> {
    let lines = 0;
    try {
      await unsent(async () => {
        for (const some of batches(archives, Math.max(until / 4, atOnce))) {
          if ((await room.bytes(signal)) <= until) break;
          lines += await room.strip(some, signal);
        }
      });
    } finally {
      settling = true;
      if (lines > 0) dropped?.(lines);
    }
  }

  return {
    name: "journald",
    observe,
    plan: planJournald,
    async apply(action, signal) {
      if (action.kind === "make-room") return makeRoom(action.archives, action.until, signal);
      await applyFile(host, action);
      const result = await host.run(["systemctl", "restart", "systemd-journald.service"], { signal });
      if (result.status !== 0) throw new Error(`restart systemd-journald: ${commandSaid(result)}`);
    },
    backlog: () => latest,
  };
}

/** Bytes of files that are made one: each has some 4 MiB of tables of its own. */
const atOnce = 24 * 2 ** 20;

/** The sender starts again where it was, also where it did not run before: it should. */
export async function withoutSender(host: Host, work: () => Promise<void>): Promise<void> {
  await host.run(["systemctl", "stop", senderPlaces.unit]);
  try {
    await work();
  } finally {
    await host.run(["systemctl", "start", senderPlaces.unit]);
  }
}

/** What a cursor of the journal says (sd_journal_get_cursor(3)): `i` counts lines, `t` is in microseconds; both hexadecimal. */
export function placeIn(cursor: string): Place | undefined {
  const [, line = "", at = ""] = /;i=([0-9a-f]+);.*;t=([0-9a-f]+)/.exec(cursor) ?? [];
  if (line === "") return undefined;
  return { line: Number.parseInt(line, 16), at: Math.floor(Number.parseInt(at, 16) / 1_000) };
}
