import type { StackSpec, TrashedVolume, VolumeState } from "@zcloud/daemons/stack";
import { formatSize } from "@zcloud/map";
import type { Action } from "@zcloud/reconcile";
import type { StackHere, StacksDesired } from "./desired.ts";

/** A stack as it was last put on this host. */
export interface Deployed {
  readonly tenant: string;
  readonly project: string;
  /** Of the stack's files. */
  readonly digest: string;
  readonly override: string;
  readonly spec: StackSpec;
  /** RFC 3339. */
  readonly at: string;
  /** Its containers were brought to this; false between the exchange of files and that, e.g. after a power cut. */
  readonly applied: boolean;
}

/** active: its containers were started. none: systemd doesn't know it. */
export type UnitState = "active" | "activating" | "failed" | "inactive" | "none";

export interface StacksObserved {
  /** By `tenant/project`, like all of these. */
  readonly deployed: ReadonlyMap<string, Deployed>;
  readonly units: ReadonlyMap<string, { readonly state: UnitState; readonly text: string | undefined }>;
  readonly volumes: readonly VolumeState[];
  /** They lie where other hosts see them, too: what is not here may be there. */
  readonly shared: boolean;
  readonly trash: readonly TrashedVolume[];
  /** A change of this stack is under way. */
  readonly busy: ReadonlySet<string>;
  /** The last attempt with exactly this input failed, and it isn't time for another. */
  readonly waiting: ReadonlyMap<string, string>;
}

interface StackActionBase extends Action {
  readonly key: string;
}
/** Puts the stack's files in place and runs them. */
export interface RunStack extends StackActionBase {
  readonly kind: "run-stack";
  readonly here: StackHere;
}
/** Runs what is in place already. */
export interface StartStack extends StackActionBase {
  readonly kind: "start-stack";
  readonly here: StackHere;
  readonly deployed: Deployed;
}
export interface RemoveStack extends StackActionBase {
  readonly kind: "remove-stack";
  readonly deployed: Deployed;
  /** Volumes to move to the trash; others stay where they are. */
  readonly trash: readonly string[];
}
/** Says what becomes of a volume's data; the stack's own action does it. */
export interface VolumeFate extends StackActionBase {
  readonly kind: "volume-fate";
}
export type StackAction = RunStack | StartStack | RemoveStack | VolumeFate;

/** What a stack's input is: while it is the same, a failure needn't be repeated. Sent again, it is another. */
export function fingerprint({ stack, override, unit }: StackHere): string {
  return `${stack.digest}\n${stack.deployedAt}\n${override}\n${unit}`;
}

export function planStacks(desired: StacksDesired, observed: StacksObserved): readonly StackAction[] {
  const runs = [...desired.here].sort(byKey).flatMap(([key, here]) => planRun(key, here, observed));
  const removals = [...observed.deployed]
    .sort(byKey)
    .flatMap(([key, deployed]) => planRemoval(key, deployed, desired, observed));
  return [...removals, ...runs];
}

function planRun(key: string, here: StackHere, observed: StacksObserved): readonly StackAction[] {
  if (observed.busy.has(key) || observed.waiting.get(key) === fingerprint(here)) return [];
  const deployed = observed.deployed.get(key);
  const unit = observed.units.get(key);
  const subject = `stack ${key}`;
  const where = here.spec.home === undefined ? "both sites" : "home here";
  const volumes = fatesOf(key, here, deployed, observed);
  if (deployed === undefined)
    return [...volumes, { kind: "run-stack", change: "+", subject, summary: `start, ${where}`, key, here }];
  if (deployed.digest !== here.stack.digest || deployed.override !== here.override || unit?.text !== here.unit) {
    return [
      ...volumes,
      {
        kind: "run-stack",
        change: "~",
        subject,
        summary: `update ${whatDiffers(here, deployed, unit?.text)}`,
        key,
        here,
      },
    ];
  }
  if (unit.state === "active" && deployed.applied) return [];
  // systemd is at it by itself (boot, or another attempt) and needs no second hand.
  if (unit.state === "activating") return [];
  const why =
    unit.state === "active"
      ? "its containers may be older than its files"
      : `its unit is ${unit.state === "none" ? "not loaded" : unit.state}`;
  return [...volumes, { kind: "start-stack", change: "~", subject, summary: `start, ${why}`, key, here, deployed }];
}

function fatesOf(
  key: string,
  { spec }: StackHere,
  deployed: Deployed | undefined,
  observed: StacksObserved,
): readonly VolumeFate[] {
  const there = new Set(
    observed.volumes.filter((one) => `${one.tenant}/${one.project}` === key).map(({ volume }) => volume),
  );
  const fates = spec.volumes.map(({ name, size }): VolumeFate => {
    const base = { kind: "volume-fate", subject: `volume ${name}`, key } as const;
    if (there.has(name)) return { ...base, change: "~", summary: "keep", fate: "kept" };
    if (observed.shared) {
      const remark = "made there if it is new; refused while one of this name lies in the trash there";
      return { ...base, change: "+", summary: `mount ${formatSize(size)} of Ceph (${remark})`, fate: "created" };
    }
    const older = observed.trash.findLast((one) => `${one.tenant}/${one.project}` === key && one.volume === name);
    const remark =
      older === undefined
        ? "new; no trash of this name exists"
        : `new and empty; an older one of this name is in the trash since ${older.at}: ${older.path}`;
    return { ...base, change: "+", summary: `create ${formatSize(size)} (${remark})`, fate: "created" };
  });
  const dropped = (deployed?.spec.volumes ?? []).filter(
    ({ name }) => there.has(name) && !spec.volumes.some((volume) => volume.name === name),
  );
  return [
    ...fates,
    ...dropped.map(
      ({ name }): VolumeFate => ({
        kind: "volume-fate",
        change: "~",
        subject: `volume ${name}`,
        summary: "keep, though no service uses it any more",
        fate: "kept",
        key,
      }),
    ),
  ];
}

function planRemoval(
  key: string,
  deployed: Deployed,
  desired: StacksDesired,
  observed: StacksObserved,
): readonly StackAction[] {
  const goesOn = desired.here.has(key) || desired.refused.has(key) || desired.unreadable.has(key);
  if (goesOn || observed.busy.has(key)) return [];
  const elsewhere = desired.elsewhere.get(key);
  const mark = desired.removed.get(key);
  if (elsewhere === undefined && mark === undefined) return [];
  const own = observed.volumes.filter((one) => `${one.tenant}/${one.project}` === key).map(({ volume }) => volume);
  const fate = elsewhere === undefined ? "trashed" : "kept";
  const volumes = own.map(
    (volume): VolumeFate =>
      fate === "trashed"
        ? { kind: "volume-fate", change: "-", subject: `volume ${volume}`, summary: "move to the trash", fate, key }
        : {
            kind: "volume-fate",
            change: "~",
            subject: `volume ${volume}`,
            summary: observed.shared ? "keep in Ceph" : `keep on this host; ${elsewhere} does not have its data`,
            fate,
            key,
          },
  );
  const summary = elsewhere === undefined ? `stop, ${mark?.actor} removed it` : `stop, it runs at ${elsewhere} now`;
  return [
    ...volumes,
    {
      kind: "remove-stack",
      change: "-",
      subject: `stack ${key}`,
      summary,
      key,
      deployed,
      trash: fate === "trashed" ? own : [],
    },
  ];
}

/** `web, db`: the services whose specification differs; else what else it is. */
function whatDiffers({ spec, stack, override }: StackHere, deployed: Deployed, unit: string | undefined): string {
  const before = new Map(deployed.spec.services.map((service) => [service.name, JSON.stringify(service)]));
  const changed = spec.services
    .filter((service) => before.get(service.name) !== JSON.stringify(service))
    .map(({ name }) => name);
  const removed = deployed.spec.services
    .filter(({ name }) => !spec.services.some((service) => service.name === name))
    .map(({ name }) => `without ${name}`);
  const named = [...changed, ...removed].join(", ");
  if (named !== "") return named;
  if (deployed.digest !== stack.digest) return "its files";
  return deployed.override === override && unit === undefined ? "its unit" : "what the host adds";
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
