import type { MapView, RoleContext, RoleLoop, StatusProblem } from "@zcloud/service";
import { Counter } from "prom-client";
import { accessSocket } from "../haproxy/settings.ts";
import { behind, createJournald, withoutSender } from "../journald/index.ts";
import {
  createRsyslog,
  renderRewind,
  renderSender,
  renderSenderUnit,
  renderTurn,
  rewindPath,
  senderPlaces,
  turnPath,
} from "../rsyslog/index.ts";
import { sendAgain } from "./again-part.ts";

/** Seconds that znet's copy of a host's log may be behind before it is a problem. */
const patience = 300;
const nothing = { oldest: undefined, newest: undefined, sent: undefined, bytes: 0 };

interface LogPart {
  readonly loops: readonly RoleLoop[];
  /** Seconds that znet's copy is behind. */
  behind(): number;
  problems(): readonly StatusProblem[];
}

/** The host's journal, and the way of its lines to znet. */
export function logPart(ctx: RoleContext): LogPart {
  /** While the journal's files are written anew nobody reads them, and the sender's loop starts nothing. */
  let held = false;
  sendAgain(ctx, () => held);
  const journald = createJournald({
    host: ctx.host,
    cursor: `${senderPlaces.state}/journal.cursor`,
    dropped: dropCounter(ctx),
    async unsent(work) {
      held = true;
      try {
        await withoutSender(ctx.host, work);
      } finally {
        held = false;
      }
    },
  });
  const { sender, desired } = senderOf(ctx);
  const seconds = (): number => Math.round(behind(journald.backlog() ?? nothing) / 1_000);
  return {
    loops: [
      ctx.loop({
        reconciler: journald,
        desired: ({ self }) => ({ disk: self.disk }),
        essential: false,
        // What waits may become much.
        resyncMs: () => (seconds() > 60 ? 15_000 : 60_000),
        deadlineMs: 900_000,
      }),
      ctx.loop({
        reconciler: {
          ...sender,
          async apply(action, signal) {
            if (held) throw new Error(`${action.summary}: debug lines make room in the journal; it starts after that`);
            await sender.apply(action, signal);
          },
        },
        desired: (view) => (held ? undefined : desired(view)),
        essential: false,
        resyncMs: 60_000,
      }),
    ],
    behind: seconds,
    problems() {
      const late = seconds();
      if (late < patience) return [];
      // The sender writes its place down seldom where little is said.
      const what = `the site's log is up to ${Math.round(late / 60)} min behind this host; its lines wait in the journal here`;
      return [{ what, remedy: "zctl status: is znet up?" }];
    },
  };
}

function senderOf(ctx: RoleContext) {
  // HAProxy sees it below its chroot.
  const access = ctx.role === "zfront" ? accessSocket : undefined;
  const directory = access?.slice(0, access.lastIndexOf("/"));
  const unitFiles = new Map([
    [rewindPath(senderPlaces), { content: renderRewind(access !== undefined), mode: 0o644 }],
    ...(access === undefined ? [] : [[turnPath(senderPlaces), { content: renderTurn(), mode: 0o644 }] as const]),
    [senderPlaces.unitFile, { content: renderSenderUnit(directory), mode: 0o644 }],
  ]);
  const { host, clock } = ctx;
  const sender = createRsyslog("log-sender", { host, clock, places: senderPlaces, unitPaths: [...unitFiles.keys()] });
  const desired = ({ map, self }: MapView) => ({
    config: renderSender(map, self, { access }),
    unitFiles,
    listens: [],
  });
  return { sender, desired };
}

/** Counts and tells of debug lines that znet never had. */
function dropCounter(ctx: RoleContext): (lines: number) => void {
  const dropped = new Counter({
    name: "zcloud_log_debug_dropped_total",
    help: "Debug lines that made room for others before znet had them.",
    registers: [ctx.metrics],
  });
  return (lines) => {
    dropped.inc(lines);
    const reason = `${lines} debug lines, the oldest that waited for znet, made room for others in a full journal`;
    ctx.event({ kind: "log-debug-dropped", level: "warning", subject: ctx.view().self.id, reason });
  };
}
