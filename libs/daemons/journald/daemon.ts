import { applyFile, commandSaid, type Host, observeFiles } from "@zcloud/host";
import type { FileAction, Reconciler } from "@zcloud/reconcile";
import { type Backlog, type JournaldDesired, type JournaldObserved, type Place, planJournald } from "./plan.ts";
import { settingsPath } from "./render.ts";

export interface JournaldOptions {
  readonly host: Host;
  /** Where the sender says how far it has read. */
  readonly cursor: string;
}

export interface Journald extends Reconciler<JournaldDesired, JournaldObserved, FileAction> {
  /** As of the last look. */
  backlog(): Backlog | undefined;
}

const directory = "/var/log/journal";

/** Keeps journald's settings, and knows how much of the journal znet does not have yet. */
export function createJournald({ host, cursor }: JournaldOptions): Journald {
  let latest: Backlog | undefined;

  async function observe(signal: AbortSignal): Promise<JournaldObserved> {
    const [oldest, newest] = [await placeOf("--lines=+1", signal), await placeOf("--lines=1", signal)];
    const sent = placeIn((await host.read(cursor)) ?? "");
    latest = { oldest, newest, sent, bytes: await journalBytes() };
    return { files: await observeFiles(host, [settingsPath]), backlog: latest };
  }

  /** Of the first or last line. */
  async function placeOf(which: string, signal: AbortSignal): Promise<Place | undefined> {
    const argv = ["journalctl", "--quiet", "--no-pager", "--output=cat", "--show-cursor", which];
    return placeIn((await host.run(argv, { signal })).stdout);
  }

  async function journalBytes(): Promise<number> {
    let bytes = 0;
    for (const machine of await host.list(directory))
      for (const name of await host.list(`${directory}/${machine}`))
        bytes += (await host.stat(`${directory}/${machine}/${name}`))?.size ?? 0;
    return bytes;
  }

  return {
    name: "journald",
    observe,
    plan: planJournald,
    async apply(action, signal) {
      await applyFile(host, action);
      const result = await host.run(["systemctl", "restart", "systemd-journald.service"], { signal });
      if (result.status !== 0) throw new Error(`restart systemd-journald: ${commandSaid(result)}`);
    },
    backlog: () => latest,
  };
}

/** What a cursor of the journal says (sd_journal_get_cursor(3)): `i` counts lines, `t` is in microseconds; both hexadecimal. */
export function placeIn(cursor: string): Place | undefined {
  const [, line = "", at = ""] = /;i=([0-9a-f]+);.*;t=([0-9a-f]+)/.exec(cursor) ?? [];
  if (line === "") return undefined;
  return { line: Number.parseInt(line, 16), at: Math.floor(Number.parseInt(at, 16) / 1_000) };
}
