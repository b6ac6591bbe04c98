import type { TrashedVolume, VolumeProvider, VolumeState } from "@zcloud/daemons/stack";
import type { Host } from "@zcloud/host";
import type { Clock } from "@zcloud/reconcile";

export const volumesDirectory = "/srv/volumes";
export const trashDirectory = "/srv/trash";

/** When something was trashed, as part of a file name: `20261122T140211Z`. Sorts by time. */
export function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}

/** The time of a stamp, RFC 3339; undefined if it isn't one. */
export function stampTime(text: string): string | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}

export async function runOrThrow(
  host: Host,
  what: string,
  argv: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const { status, stdout, stderr } = await host.run(argv, signal === undefined ? {} : { signal });
  if (status !== 0)
    throw new Error(`${what}: ${argv[0]} ended with ${status}: ${(stderr || stdout).trim().slice(0, 1000)}`);
  return stdout;
}

/** Named volumes as directories of this host, `/srv/volumes/<tenant>/<project>/<volume>`. Sizes are promised, not enforced. */
export function localVolumes(
  host: Host,
  clock: Clock,
  root: string = volumesDirectory,
  trashRoot: string = trashDirectory,
): VolumeProvider {
  const pathOf = (tenant: string, project: string, volume: string): string => `${root}/${tenant}/${project}/${volume}`;
  const trashed = `${trashRoot}/volumes`;
  return {
    kind: "local",
    unit: () => undefined,
    // It stays where it is: no other host can have it.
    release: async () => {},
    async ensure(tenant, project, volume, _size, owner) {
      const path = pathOf(tenant, project, volume);
      if ((await host.stat(path)) !== undefined) return path;
      const what = `create volume ${tenant}/${project}/${volume}`;
      // Made beside its place and moved there, so that a volume that exists always has its owner.
      const fresh = `${root}/${tenant}/${project}/.${volume}.new`;
      await host.remove(fresh);
      await runOrThrow(host, what, [
        "install",
        "-d",
        "-m",
        "0711",
        root,
        `${root}/${tenant}`,
        `${root}/${tenant}/${project}`,
      ]);
      await runOrThrow(host, what, ["install", "-d", "-m", "0755", "-o", String(owner), "-g", String(owner), fresh]);
      await runOrThrow(host, what, ["mv", "-T", "--no-copy", fresh, path]);
      await runOrThrow(host, what, ["sync", path, `${root}/${tenant}/${project}`]);
      return path;
    },
    async list() {
      const found: VolumeState[] = [];
      for (const tenant of await host.list(root)) {
        for (const project of await host.list(`${root}/${tenant}`)) {
          for (const volume of await host.list(`${root}/${tenant}/${project}`)) {
            if (!volume.startsWith(".")) found.push({ tenant, project, volume, path: pathOf(tenant, project, volume) });
          }
        }
      }
      return found;
    },
    async trash(tenant, project, volume) {
      const path = pathOf(tenant, project, volume);
      if ((await host.stat(path)) === undefined) return;
      const what = `trash volume ${tenant}/${project}/${volume}`;
      await runOrThrow(host, what, ["install", "-d", "-m", "0700", trashRoot, trashed]);
      const target = `${trashed}/${stamp(clock.now())}_${tenant}_${project}_${volume}`;
      await runOrThrow(host, what, ["mv", "-T", "--no-copy", "-n", path, target]);
      await runOrThrow(host, what, ["sync", trashed, `${root}/${tenant}/${project}`]);
    },
    async listTrash() {
      return (await host.list(trashed)).flatMap((name): readonly TrashedVolume[] => {
        const [time = "", tenant, project, volume] = name.split("_");
        const at = stampTime(time);
        if (at === undefined || tenant === undefined || project === undefined || volume === undefined) return [];
        return [{ tenant, project, volume, at, path: `${trashed}/${name}` }];
      });
    },
  };
}
