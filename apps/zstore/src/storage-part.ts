import {
  askCommand,
  cephDisks,
  cephMetrics,
  clusterMetrics,
  clusterWish,
  createCephFiles,
  createCluster,
  createDaemons,
  createDisks,
  createMonitor,
  createSession,
  nodeOf,
  probePool,
  readSecrets,
  storageProblems,
  type WriteState,
  watchWrites,
  writeMetrics,
} from "@zcloud/daemons/ceph";
import { clockFault } from "@zcloud/daemons/chrony";
import { createVolumes, keepSchedule } from "@zcloud/daemons/volumes";
import { converse } from "@zcloud/host";
import type { MapView, RoleContext } from "@zcloud/service";

/** Milliseconds between looks: while something is missing, and when all is well. */
const often = 3_000;
const seldom = 15_000;
/** Milliseconds that a pass may take: an OSD writes its whole structure first. */
const deadlineMs = 300_000;

/** Milliseconds of a write, whole seconds of a stall: every digit is sent to who shows it. */
function inFacts({ seconds, stalled, refusal }: WriteState) {
  const rounded = seconds === undefined ? {} : { seconds: Math.round(seconds * 1_000) / 1_000 };
  return { ...rounded, stalled: Math.floor(stalled), ...(refusal === undefined ? {} : { refusal }) };
}

/** Ceph at this site, from nothing on. Idle while the map says `local`. */
export function storagePart(ctx: RoleContext) {
  const { host } = ctx;
  const { name } = nodeOf(ctx.view().map, ctx.view().self);
  const node = () => nodeOf(ctx.view().map, ctx.view().self);
  const disksOf = ({ map, site }: MapView) => cephDisks(map, site);
  const monitors = createSession({
    start: (talk) => converse(askCommand, talk),
    ended: (reason) => ctx.log.warn({ reason }, "the program that asks Ceph's monitors is started again"),
  });
  const disks = createDisks({ host, monitors, owner: name, wanted: () => disksOf(ctx.view()) });
  const order = () => ctx.view().map.sites.map((site) => site.name);
  const cluster = createCluster({ host, monitors, order, self: name });
  // Four copies need a rule and a mode of their own: with this one's they would never be whole.
  const isKept = ({ map }: MapView) => map.storage.kind === "ceph" && map.storage.copies === 2;
  const wanted = <D>(desired: (view: MapView) => D) => {
    return (view: MapView) => (isKept(view) ? desired(view) : undefined);
  };
  cephMetrics(
    ctx.metrics,
    () => isKept(ctx.view()),
    () => cluster.report(),
  );
  clusterMetrics(ctx.metrics, () => (isKept(ctx.view()) ? cluster.numbers() : undefined));
  const writes = watchWrites({
    site: name,
    write: (signal) => monitors.write({ pool: probePool, object: `written-from-${name}` }, signal),
    kept: () => isKept(ctx.view()),
    answers: () => cluster.report() !== undefined,
    told: (news) => ctx.event({ ...news, subject: ctx.view().self.id }),
    signal: ctx.signal,
  });
  writeMetrics(ctx.metrics, writes.state);
  const volumes = createVolumes({ monitors, room: () => cluster.numbers(), clock: ctx.clock });
  void keepSchedule({
    volumes,
    turn: () => isKept(ctx.view()) && order().find((site) => cluster.report()?.quorum.includes(site)) === name,
    clockFault: clockFault(host),
    told: (news) => ctx.event(news),
    ...{ signal: ctx.signal, clock: ctx.clock },
  });
  const whole = () => cluster.report()?.health === "HEALTH_OK" && cluster.report()?.monitors.length === 3;
  const common = {
    essential: false,
    deadlineMs,
    resyncMs: () => (whole() ? seldom : often),
    backoff: { maxMs: 10_000 },
  };
  let secrets = true;
  const isCeph = () => ctx.view().map.storage.kind === "ceph";
  return {
    loops: [
      ctx.loop({
        reconciler: createCephFiles({ host }),
        desired: wanted((view) => ({ map: view.map, node: nodeOf(view.map, view.self) })),
        ...common,
      }),
      ctx.loop({ reconciler: createMonitor({ host, node }), desired: wanted(node), ...common }),
      ctx.loop({ reconciler: createDaemons({ host, monitors, name }), desired: wanted(node), ...common }),
      ctx.loop({ reconciler: disks, desired: wanted(disksOf), ...common }),
      ctx.loop({ reconciler: cluster, desired: wanted(({ map }) => clusterWish(map)), ...common }),
    ],
    /** Undefined while the map says `local`. */
    volumes: () => (isKept(ctx.view()) ? volumes : undefined),
    stop: async () => monitors.close(),
    facts: () => (isCeph() ? { ceph: cluster.report(), writes: inFacts(writes.state()) } : {}),
    problems: () => {
      if (!isCeph()) return [];
      // Of the next time: asking takes a file.
      void readSecrets(host).then(
        (found) => {
          secrets = found !== undefined;
        },
        () => {},
      );
      const { copies } = ctx.view().map.storage;
      const { witness } = clusterWish(ctx.view().map);
      const seen = { report: cluster.report(), disks: disks.seen(), site: name, writes: writes.state() };
      return storageProblems({ secrets, ...seen, copies, witness });
    },
  };
}
