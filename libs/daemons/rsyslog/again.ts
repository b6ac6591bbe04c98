import type { Host } from "@zcloud/host";
import * as z from "zod";

/**
 * Milliseconds before it was last heard of in which znet may have taken in what a power cut of its machine takes from it: Linux
 * writes a file out after 30 s at the latest, looks every 5 s, ext4 commits every 5 s (vm.dirty_*_centisecs, ext4(5)); and that
 * znet is gone is noticed after up to 15 s (libs/bus).
 */
const unsafe = 60_000;

/** How far the journal was sent at a time (milliseconds since the epoch), as rsyslogd wrote it down. */
const Place = z.strictObject({ at: z.number(), cursor: z.string() });

/** Places while znet's bus was the same process all the time. The first is old enough that znet's disk has what is before it. */
const Sent = z.strictObject({ server: z.string(), places: z.array(Place).min(1) });
export type Sent = z.infer<typeof Sent>;

export interface Noted {
  readonly sent: Sent;
  /** From here all is to be sent again: of the journal, and of what was sent since then (milliseconds since the epoch). */
  readonly back?: { readonly cursor: string; readonly since: number };
}

/** What is known after a look: `server` runs, and the journal was sent up to `cursor`. Undefined: no more than before. */
export function note(before: Sent | undefined, at: number, server: string, cursor: string): Noted | undefined {
  const last = before?.places.at(-1);
  if (before === undefined || last === undefined) return { sent: { server, places: [{ at, cursor }] } };
  if (server !== before.server) {
    const cursorBack = before.places[safeIn(before, last.at)]?.cursor ?? last.cursor;
    const back = { cursor: cursorBack, since: last.at - unsafe };
    return { sent: { server, places: [{ at, cursor: cursorBack }] }, back };
  }
  if (cursor === last.cursor) return undefined;
  return { sent: { server, places: [...before.places.slice(safeIn(before, at)), { at, cursor }] } };
}

/** Which place is the newest that is on znet's disk, if znet was last heard of at that time; the first one if none is sure to be. */
function safeIn({ places }: Sent, heard: number): number {
  return Math.max(
    0,
    places.findLastIndex(({ at }) => at <= heard - unsafe),
  );
}

export interface AgainOptions {
  readonly host: Host;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Where rsyslogd writes how far it has read. */
  readonly cursor: string;
  /** Where what is noted is kept. */
  readonly kept: string;
  /** Where the start of the sender looks whether to begin elsewhere. */
  readonly backTo: string;
  /** New at every start of znet; undefined while it is away. */
  readonly server: () => string | undefined;
  readonly restart: () => Promise<void>;
}

/** One look, to be repeated; whether lines are sent again. What is interrupted is done by the next one. */
export async function lookAgain(options: AgainOptions): Promise<boolean> {
  const { host, now, cursor, kept, backTo, restart } = options;
  const server = options.server();
  const place = (await host.read(cursor))?.trim() ?? "";
  if (server === undefined || place === "") return false;
  const noted = note(parse(await host.read(kept)), now(), server, place);
  if (noted === undefined) return false;
  if (noted.back !== undefined) {
    await host.write(backTo, `${noted.back.cursor}\n${Math.floor(noted.back.since / 1_000)}\n`);
    await restart();
    await host.remove(backTo);
  }
  await host.write(kept, JSON.stringify(noted.sent), { mode: 0o600 });
  return noted.back !== undefined;
}

/** Undefined if nothing was noted, or nothing that can be read. */
function parse(text: string | undefined): Sent | undefined {
  try {
    return Sent.safeParse(JSON.parse(text ?? "null")).data;
  } catch {
    return undefined;
  }
}
