import type { RoleContext, RoleDefinition, RoleLoop, StatusProblem } from "@zcloud/service";
import { clockMetrics, clockProblems, createChrony, desiredChrony, watchSkew } from "../chrony/index.ts";
import { accessSocket } from "../haproxy/settings.ts";
import { behind, createJournald } from "../journald/index.ts";
import { createResolver, desiredResolver, resolverPlaces } from "../resolver/index.ts";
import {
  createRsyslog,
  renderRewind,
  renderSender,
  renderSenderUnit,
  rewindPath,
  senderPlaces,
} from "../rsyslog/index.ts";
import { createTimezone, utc } from "../timezone/index.ts";
import { dnsMetrics, openControl } from "../unbound/index.ts";
import { firewallLoop } from "./firewall-part.ts";
import { numbersPart } from "./numbers.ts";
import { sshPart } from "./ssh-part.ts";
import { upgradesPart } from "./upgrades-part.ts";

/** Seconds that znet's copy of a host's log may be behind before it is a problem. */
const patience = 300;

interface CommonPart {
  readonly loops: readonly RoleLoop[];
  facts(): Readonly<Record<string, unknown>>;
  problems(): readonly StatusProblem[];
}

/** A role with what every VM has beside it: its resolver, its clock, its firewall, its journal and the way of that to znet. */
export function onEveryVm(definition: RoleDefinition): RoleDefinition {
  return {
    role: definition.role,
    async start(ctx) {
      const parts = await definition.start(ctx);
      const common = commonPart(ctx);
      return {
        ...parts,
        loops: [...parts.loops, ...common.loops],
        facts: () => ({ ...parts.facts?.(), ...common.facts() }),
        problems: () => [...(parts.problems?.() ?? []), ...common.problems()],
      };
    },
  };
}

function commonPart(ctx: RoleContext): CommonPart {
  const journald = createJournald({ host: ctx.host, cursor: `${senderPlaces.state}/journal.cursor` });
  // HAProxy sees it below its chroot.
  const access = ctx.role === "zfront" ? accessSocket : undefined;
  const directory = access?.slice(0, access.lastIndexOf("/"));
  const unitFiles = new Map([
    [rewindPath(senderPlaces), { content: renderRewind(), mode: 0o644 }],
    [senderPlaces.unitFile, { content: renderSenderUnit(directory), mode: 0o644 }],
  ]);
  const sender = createRsyslog("log-sender", {
    host: ctx.host,
    places: senderPlaces,
    unitPaths: [...unitFiles.keys()],
    clock: ctx.clock,
  });
  const time = clockPart(ctx);
  const ssh = sshPart(ctx);
  const upgrades = upgradesPart(ctx);
  dnsMetrics(ctx.metrics, "zcloud_resolver_", openControl(resolverPlaces.control));
  const seconds = (): number => Math.round(behind(journald.backlog() ?? nothing) / 1_000);
  return {
    loops: [
      ctx.loop({
        reconciler: createResolver({ host: ctx.host, clock: ctx.clock }),
        desired: ({ map, self }) => desiredResolver(map, self),
        essential: false,
        resyncMs: 60_000,
      }),
      time.loop,
      ctx.loop({
        reconciler: createTimezone({ host: ctx.host }),
        desired: () => utc,
        essential: false,
        resyncMs: 300_000,
      }),
      firewallLoop(ctx),
      ctx.loop({
        reconciler: journald,
        desired: ({ self }) => ({ disk: self.disk }),
        essential: false,
        resyncMs: 60_000,
      }),
      ctx.loop({
        reconciler: sender,
        desired: ({ map, self }) => ({ config: renderSender(map, self, { access }), unitFiles, listens: [] }),
        essential: false,
        resyncMs: 60_000,
      }),
      ssh.loop,
      ...numbersPart(ctx, seconds),
      upgrades.loop,
    ],
    facts: () => ({ log: { behind: seconds() }, clock: time.facts() }),
    problems: () => {
      const late = seconds();
      const others = [...time.problems(), ...ssh.problems(), ...upgrades.problems()];
      if (late < patience) return others;
      const what = `the site's log is ${Math.round(late / 60)} min behind this host; its lines wait in the journal here`;
      return [...others, { what, remedy: "zctl status: is znet up?" }];
    },
  };
}

/** The host's clock: kept by chrony, told of when it is wrong. */
function clockPart(ctx: RoleContext) {
  const { id, role } = ctx.view().self;
  const skew = watchSkew(id);
  let followed = ctx.clock.now();
  const chrony = createChrony({
    host: ctx.host,
    clock: ctx.clock,
    seen: (report) => {
      if (report?.follows !== undefined && report.synchronised) followed = ctx.clock.now();
      const news = skew.look(report);
      if (news !== undefined) ctx.event(news);
    },
  });
  clockMetrics(ctx.metrics, chrony.report);
  return {
    loop: ctx.loop({
      reconciler: chrony,
      desired: ({ map, self }) => desiredChrony(map, self),
      essential: false,
      resyncMs: 30_000,
    }),
    facts: () => {
      const { follows, stratum, offset = 0 } = chrony.report() ?? {};
      return { follows, stratum, offset: Math.round(offset * 1_000) / 1_000 };
    },
    problems: () => clockProblems(chrony.report(), role, followed, ctx.clock.now()),
  };
}

const nothing = { oldest: undefined, newest: undefined, sent: undefined, bytes: 0 };
