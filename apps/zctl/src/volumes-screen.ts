import { formatSize } from "@zcloud/map";
import * as z from "zod";
import { type Colour, duration, printable, table } from "./screen.ts";

type Paint = (colour: Colour, text: string) => string;

/** A volume as a zstore tells it: GET /v1/volumes (apps/zstore). Times are RFC 3339, sizes bytes. */
export const Volume = z.looseObject({
  /** `tenant/stack/volume` */
  volume: z.string(),
  size: z.number(),
  used: z.number(),
  createdAt: z.string(),
  state: z.enum(["ready", "copying", "broken"]),
  trashedAt: z.string().nullable(),
  /** Oldest first. */
  snapshots: z.array(z.object({ name: z.string(), at: z.string() })),
  /** Ceph's clients that may mount it. */
  clients: z.array(z.string()),
});
export type Volume = z.infer<typeof Volume>;
export const Volumes = z.looseObject({ volumes: z.array(Volume) });

/** Days that the trash keeps what is in it (libs/daemons/volumes/schedule.ts). */
const trashDays = 14;
const day = 86_400_000;

const ago = (time: string, now: number): string => `${duration(Math.max(0, now - Date.parse(time)))} ago`;

/** One line a volume; what is in the trash, last. */
export function renderVolumes(volumes: readonly Volume[], now: number, paint: Paint): string[] {
  if (volumes.length === 0) return ["No stack has a volume yet."];
  const head = ["VOLUME", "SIZE", "USED", "SNAPSHOTS", "STATE"].map((cell) => paint("dim", cell));
  const sorted = [...volumes].sort((a, b) => Number(a.trashedAt !== null) - Number(b.trashedAt !== null));
  const rows = sorted.map((one) => [
    printable(one.volume),
    formatSize(one.size),
    used(one, paint),
    snapshots(one, now),
    state(one, now, paint),
  ]);
  return table([head, ...rows]);
}

/** Everything of one. */
export function renderVolume(one: Volume, now: number, paint: Paint): string[] {
  const facts = table([
    ["size", `${formatSize(one.size)}, ${used(one, paint)} of it used`],
    ["made", ago(one.createdAt, now)],
    ["state", state(one, now, paint)],
    ["mounted by", one.clients.length === 0 ? "nobody may" : one.clients.map(printable).join(", ")],
  ]);
  const list = [...one.snapshots].reverse().map(({ name, at }) => [`  ${printable(name)}`, ago(at, now)]);
  return [
    paint("bold", printable(one.volume)),
    ...facts,
    one.snapshots.length === 0 ? "no snapshots" : "snapshots:",
    ...table(list),
  ];
}

function used({ used: bytes, size }: Volume, paint: Paint): string {
  const share = size === 0 ? 0 : bytes / size;
  const text = `${formatSize(bytes)} (${Math.round(share * 100)} %)`;
  return share > 0.95 ? paint("red", text) : share > 0.8 ? paint("yellow", text) : text;
}

function snapshots({ snapshots: all }: Volume, now: number): string {
  const newest = all.at(-1);
  return newest === undefined ? "none" : `${all.length}, ${ago(newest.at, now)}`;
}

function state({ state: now, trashedAt, volume }: Volume, time: number, paint: Paint): string {
  if (trashedAt !== null) {
    const left = Date.parse(trashedAt) + trashDays * day - time;
    return paint(
      "yellow",
      `in the trash for ${duration(Math.max(0, left))} more; zctl volumes recover ${printable(volume)}`,
    );
  }
  if (now === "copying") return "being copied";
  return now === "broken" ? paint("red", "not whole: ceph fs subvolume info, on a zstore") : "ready";
}
