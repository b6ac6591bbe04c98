import type { TrashedVolume, VolumeProvider, VolumeState } from "@zcloud/daemons/stack";
import { VolumeGrant, type VolumeQuestion } from "@zcloud/events";
import { commandSaid, type Host } from "@zcloud/host";
import type { ZMap } from "@zcloud/map";
import { cephfsPlaces, keyringPath, mountName, mountPath, mountUnit, secretPath } from "./places.ts";
import { type Mounter, renderClientConf, renderClientKeyring, renderMountUnit } from "./render.ts";
import { knownMounts, noteMount } from "./state.ts";

export interface CephVolumesOptions {
  readonly host: Host;
  readonly map: () => ZMap;
  /** Directory with a file for each volume that is mounted here. */
  readonly state: string;
  /** Puts a question to this site's zstore; what it grants. @throws Error with why not, and what helps */
  readonly ask: (question: VolumeQuestion) => Promise<unknown>;
}

/** Milliseconds in which a mount must be there; longer means that Ceph is away, and the unit goes on trying. */
const patience = 60_000;

/**
 * Named volumes as subvolumes of zStore's file system, each mounted by a unit of its own. Once made, a mount needs neither this service
 * nor the bus. Nothing here looks into a mount: what hangs there hangs nobody here.
 */
export function cephVolumes({ host, map, state, ask }: CephVolumesOptions): VolumeProvider {
  let mounter: Mounter | undefined;

  async function run(what: string, argv: readonly string[], timeout = 30_000): Promise<void> {
    const ran = await host.run(argv, { timeout });
    if (ran.status !== 0) throw new Error(`${what}: ${argv[0]} ended with ${ran.status}: ${commandSaid(ran, 500)}`);
  }

  async function write(path: string, text: string, mode: number): Promise<boolean> {
    if ((await host.read(path)) === text) return false;
    await host.write(path, text, { mode });
    return true;
  }

  /** By the kernel's list: whoever looks at a mount that hangs, hangs. */
  async function isMounted(at: string): Promise<boolean> {
    return ((await host.read("/proc/self/mounts")) ?? "").includes(` ${at} `);
  }

  async function makePlace(name: string, at: string): Promise<void> {
    const what = `mount volume ${name}`;
    const above = at.slice(0, at.lastIndexOf("/"));
    const { directory, mounts } = cephfsPlaces;
    await run(what, ["install", "-d", "-m", "0700", directory, state]);
    if (await isMounted(at)) return;
    if ((await host.list(at)).length > 0) {
      const remedy = `move what is in ${at} elsewhere, deploy, and copy it into the mounted volume`;
      throw new Error(`volume ${name} has data on this host's own disk, from storage: local; ${remedy}`);
    }
    await run(what, ["install", "-d", "-m", "0711", mounts, above.slice(0, above.lastIndexOf("/")), above]);
    await run(what, ["install", "-d", "-m", "0000", at]);
  }

  async function unmount(tenant: string, project: string, volume: string): Promise<void> {
    const what = `unmount volume ${tenant}/${project}/${volume}`;
    const unit = mountUnit(tenant, project, volume);
    const path = `${cephfsPlaces.units}/${unit}`;
    if ((await host.read(path)) === undefined) return;
    await run(what, ["systemctl", "stop", unit]);
    await host.remove(path);
    await run(what, ["systemctl", "daemon-reload"]);
  }

  return {
    kind: "ceph",
    unit: mountUnit,
    async ensure(tenant, project, volume, size) {
      const name = `${tenant}/${project}/${volume}`;
      const what = `mount volume ${name}`;
      const at = mountPath(tenant, project, volume);
      const unit = mountUnit(tenant, project, volume);
      await makePlace(name, at);
      const grant = VolumeGrant.parse(await ask({ want: "mount", tenant, stack: project, volume, size }));
      mounter ??= await mounterOf(host);
      await write(cephfsPlaces.config, renderClientConf(map()), 0o644);
      await write(keyringPath(grant.client), renderClientKeyring(grant), 0o600);
      if (mounter === "kernel") await write(secretPath(grant.client), `${grant.key}\n`, 0o600);
      const mount = { tenant, stack: project, volume, client: grant.client, path: grant.path, mounter };
      // What is mounted may be another directory: a volume was purged, and made again.
      if (await write(`${cephfsPlaces.units}/${unit}`, renderMountUnit({ ...mount, map: map() }), 0o644)) {
        await run(what, ["systemctl", "daemon-reload"]);
        await run(what, ["systemctl", "try-restart", unit], patience);
      }
      await noteMount(host, state, mount);
      await run(what, ["systemctl", "start", unit], patience);
      return at;
    },
    async list() {
      return (await knownMounts(host, state)).map(({ tenant, stack, volume }): VolumeState => {
        return { tenant, project: stack, volume, path: mountPath(tenant, stack, volume) };
      });
    },
    async release(tenant, project, volume) {
      await unmount(tenant, project, volume);
      await host.remove(`${state}/${mountName(tenant, project, volume)}`);
    },
    async trash(tenant, project, volume) {
      await unmount(tenant, project, volume);
      await ask({ want: "trash", tenant, stack: project, volume });
      await host.remove(`${state}/${mountName(tenant, project, volume)}`);
    },
    // What is in the trash lies in Ceph: zctl volumes tells it, and an empty one is refused in its place.
    listTrash: async (): Promise<readonly TrashedVolume[]> => [],
  };
}

/** The kernel's client where there is one, and the program that hands it the key from a file. Its module is loaded by the mount. */
async function mounterOf(host: Host): Promise<Mounter> {
  const kernel = "grep -qw ceph /proc/filesystems || modinfo ceph > /dev/null 2>&1";
  const { status } = await host.run(["sh", "-c", `test -x /usr/sbin/mount.ceph && { ${kernel}; }`]);
  return status === 0 ? "kernel" : "fuse";
}
