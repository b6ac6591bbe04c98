import * as z from "zod";
import { ENOENT, failure, type Manager, type ManagerCommand, read } from "./manager.ts";
import { parseSubvolume, subvolumeOf, type VolumeId } from "./name.ts";
import type { Snapshot, Volume } from "./volume.ts";

const Names = z.array(z.looseObject({ name: z.string() }));
/** Ceph's times are UTC and say no zone: `2026-11-23 20:54:46`, with or without a fraction. */
const Time = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
const Info = z.looseObject({
  bytes_quota: z.union([z.int(), z.literal("infinite")]),
  bytes_used: z.int(),
  created_at: Time,
  path: z.string(),
  state: z.string(),
});
const Metadata = z.record(z.string(), z.string());
const SnapshotInfo = z.looseObject({ created_at: Time });
/** One client and its right: `[{ "zcloud.north.zpod1.garden": "rw" }]`. */
const Clients = z.array(z.record(z.string(), z.string()));

/** Under which its metadata says since when a volume lies in the trash. */
export const trashedKey = "zcloud-trashed";

/** `2026-11-23 20:54:46.123` -> `2026-11-23T20:54:46Z` */
const rfc3339 = (time: string): string => `${time.slice(0, 10)}T${time.slice(11, 19)}Z`;

export const of = ({ tenant, stack, volume }: VolumeId) => ({
  sub_name: subvolumeOf({ tenant, stack, volume }),
  group_name: tenant,
});

/** @returns undefined if there is none of that name */
export async function lookAt(manager: Manager, id: VolumeId, signal: AbortSignal): Promise<Volume | undefined> {
  const commands: readonly ManagerCommand[] = [
    { prefix: "fs subvolume info", ...of(id) },
    { prefix: "fs subvolume metadata ls", ...of(id) },
    { prefix: "fs subvolume snapshot ls", ...of(id) },
    { prefix: "fs subvolume authorized_list", ...of(id) },
  ];
  const answers = await manager.ask(commands, signal);
  const said = <T>(at: number, schema: z.ZodType<T>): T | undefined => {
    const [command, answer] = [commands[at], answers[at]];
    if (command === undefined || answer === undefined) return undefined;
    if (answer.errno === 0) return read(schema, command, answer);
    if (answer.errno === ENOENT) return undefined;
    throw failure(command, answer);
  };
  const info = said(0, Info);
  if (info === undefined) return undefined;
  // While it is being copied Ceph tells nothing else of it.
  const ready = info.state === "complete";
  const size = info.bytes_quota === "infinite" ? 0 : info.bytes_quota;
  return {
    id,
    ...{ size, used: info.bytes_used, createdAt: rfc3339(info.created_at), path: info.path },
    state: ready ? "ready" : /pending|progress/.test(info.state) ? "copying" : "broken",
    trashedAt: ready ? said(1, Metadata)?.[trashedKey] : undefined,
    snapshots: ready ? await snapshotsOf(manager, id, said(2, Names) ?? [], signal) : [],
    clients: ready ? (said(3, Clients) ?? []).flatMap((one) => Object.keys(one)).sort() : [],
  };
}

async function snapshotsOf(
  manager: Manager,
  id: VolumeId,
  names: z.infer<typeof Names>,
  signal: AbortSignal,
): Promise<readonly Snapshot[]> {
  const commands = names.map(({ name }) => ({ prefix: "fs subvolume snapshot info", ...of(id), snap_name: name }));
  const answers = await manager.ask(commands, signal);
  const found = commands.flatMap((command, at): readonly Snapshot[] => {
    const answer = answers[at];
    // Somebody took it away meanwhile.
    if (answer === undefined || answer.errno === ENOENT) return [];
    if (answer.errno !== 0) throw failure(command, answer);
    return [{ name: command.snap_name, at: rfc3339(read(SnapshotInfo, command, answer).created_at) }];
  });
  return found.sort((a, b) => (`${a.at} ${a.name}` < `${b.at} ${b.name}` ? -1 : 1));
}

/** All volumes that were made here, or a tenant's, by tenant and name. */
export async function lookAtAll(manager: Manager, signal: AbortSignal, tenant?: string): Promise<readonly Volume[]> {
  const list = { prefix: "fs subvolumegroup ls" };
  const groups = tenant === undefined ? read(Names, list, await manager.tell(list, signal)) : [{ name: tenant }];
  const found: Volume[] = [];
  for (const { name } of groups) {
    const command = { prefix: "fs subvolume ls", group_name: name };
    const answer = await manager.tell(command, signal, [ENOENT]);
    // Nobody has made a volume for that tenant yet.
    if (answer.errno === ENOENT) continue;
    for (const { name: subvolume } of read(Names, command, answer)) {
      const id = parseSubvolume(subvolume);
      const volume = id === undefined || id.tenant !== name ? undefined : await lookAt(manager, id, signal);
      if (volume !== undefined) found.push(volume);
    }
  }
  return found.sort((a, b) => (subvolumeOf(a.id) < subvolumeOf(b.id) ? -1 : 1));
}
