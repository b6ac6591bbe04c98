import { createHash } from "node:crypto";
import type { Reconciler } from "@zcloud/reconcile";
import { type CephHost, tell } from "./ask.ts";
import { readSecrets } from "./base.ts";
import { giveKey, hasQuorum } from "./daemons.ts";
import { type DiskContent, judgeDisk } from "./disk.ts";
import { CephError } from "./errors.ts";
import { dataDirectory } from "./places.ts";
import { type DiskAction, type DiskObserved, planDisks } from "./plan-disks.ts";
import type { CephDisk } from "./shape.ts";
import { must, owned } from "./steps.ts";
import { type CephUnits, systemdUnits } from "./units.ts";

interface Seen {
  readonly quorum: boolean;
  readonly disks: readonly DiskObserved[];
}

export interface Disks extends Reconciler<readonly CephDisk[], Seen, DiskAction> {
  /** As of the last look. */
  seen(): readonly DiskObserved[];
}

/**
 * The UUID of an OSD that begins on this disk: always the same, so that making one can be begun again, and nothing that a crash left
 * is ever taken for somebody's.
 */
export function diskUuid(fsid: string, owner: string, path: string): string {
  const hex = createHash("sha256").update(`${fsid} ${owner} ${path}`).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

/** Makes OSDs on this host's empty disks, and finds those that are there. */
export function createDisks(
  options: CephHost & {
    readonly units?: CephUnits;
    /** Whose disks they are, for their OSDs' names. */
    readonly owner: string;
    readonly wanted: () => readonly CephDisk[];
  },
): Disks {
  const { host, monitors, owner, wanted } = options;
  const units = options.units ?? systemdUnits(host);
  let latest: readonly DiskObserved[] = [];

  async function observe(signal: AbortSignal): Promise<Seen> {
    const secrets = await readSecrets(host);
    if (secrets === undefined) return { quorum: false, disks: [] };
    latest = await Promise.all(wanted().map((disk) => look(disk, secrets.fsid, signal)));
    const done = latest.every(({ running }) => running);
    return { quorum: !done && (await hasQuorum(options, signal)), disks: latest };
  }

  async function look(disk: CephDisk, fsid: string, signal: AbortSignal): Promise<DiskObserved> {
    const uuid = diskUuid(fsid, owner, disk.path);
    const content = await contentOf(disk.path, fsid, uuid, signal);
    if (content.kind !== "ours") return { disk, content, uuid, attached: false, running: false };
    const id = String(content.id);
    const directory = dataDirectory("osd", id);
    const whole = await Promise.all(["keyring", "whoami", "block"].map((name) => host.stat(`${directory}/${name}`)));
    const attached = whole.every((stat) => stat !== undefined);
    const running = attached && (await units.running("osd", id, signal));
    return { disk, content, uuid: content.uuid, attached, running };
  }

  async function contentOf(path: string, fsid: string, uuid: string, signal: AbortSignal): Promise<DiskContent> {
    const run = (...argv: string[]) => host.run(argv, { signal, timeout: 20_000 });
    const exists = (await run("test", "-e", path)).status === 0;
    if (!exists) return { kind: "missing" };
    const label = await run("ceph-bluestore-tool", "show-label", "--dev", path);
    const signatures = await run("wipefs", "--no-act", "--json", path);
    if (signatures.status !== 0) throw new CephError(`look at ${path}: wipefs: ${signatures.stderr.trim()}`);
    const zeros = await run("cmp", "--silent", "--bytes=1048576", path, "/dev/zero");
    return judgeDisk(
      {
        exists,
        label: label.status === 0 ? label.stdout : undefined,
        signatures: signatures.stdout,
        zeros: zeros.status === 0,
      },
      fsid,
      uuid,
    );
  }

  async function apply(action: DiskAction, signal: AbortSignal): Promise<void> {
    const { disk, uuid, id } = action;
    switch (action.kind) {
      case "make-file":
        await must(host, ["install", "-d", disk.path.slice(0, disk.path.lastIndexOf("/"))], signal);
        await must(host, ["truncate", "--no-create", `--size=${disk.size}`, disk.path], signal);
        await must(host, ["truncate", `--size=${disk.size}`, disk.path], signal);
        return owned(host, [disk.path], signal);
      case "make-osd":
        return make(disk, uuid, signal);
      case "attach-osd":
        return attach(disk, String(id), signal);
      case "start-osd":
        return units.start("osd", String(id), signal);
    }
  }

  /** Looks again at the last moment: what was empty when the plan was made may not be any more. */
  async function make(disk: CephDisk, uuid: string, signal: AbortSignal): Promise<void> {
    const secrets = await readSecrets(host);
    if (secrets === undefined) throw new CephError("make an OSD: this host has no secrets any more");
    const content = await contentOf(disk.path, secrets.fsid, uuid, signal);
    if (content.kind !== "empty" && content.kind !== "begun")
      throw new CephError(`make an OSD: ${disk.path} is not empty any more (${content.kind}); nothing was changed`);
    const [made] = await tell(monitors, [{ prefix: "osd new", uuid, format: "json" }], { signal });
    const { osdid } = JSON.parse((made ?? "").toString()) as { osdid: number };
    const id = String(osdid);
    await host.remove(dataDirectory("osd", id));
    await giveKey(options, "osd", id, signal);
    await link(disk, id, signal);
    const mkfs = ["ceph-osd", "--mkfs", "-i", id, "--osd-uuid", uuid, "--setuser", "ceph", "--setgroup", "ceph"];
    await must(host, mkfs, signal, 600_000);
    await units.start("osd", id, signal);
  }

  /** An OSD whose host lost its own disk: its directory comes from the label. */
  async function attach(disk: CephDisk, id: string, signal: AbortSignal): Promise<void> {
    await host.remove(dataDirectory("osd", id));
    await giveKey(options, "osd", id, signal);
    const directory = dataDirectory("osd", id);
    await link(disk, id, signal);
    const prime = ["ceph-bluestore-tool", "prime-osd-dir", "--dev", disk.path, "--path", directory, "--no-mon-config"];
    await must(host, prime, signal);
    await must(host, ["chown", "--recursive", "--no-dereference", "ceph:ceph", directory], signal);
  }

  async function link(disk: CephDisk, id: string, signal: AbortSignal): Promise<void> {
    const block = `${dataDirectory("osd", id)}/block`;
    await must(host, ["ln", "--symbolic", "--force", "--no-target-directory", disk.path, block], signal);
    await owned(host, [disk.path], signal);
  }

  return {
    name: "ceph-disks",
    seen: () => latest,
    observe,
    plan: (_, { quorum, disks }) => planDisks(quorum, disks),
    apply,
  };
}
