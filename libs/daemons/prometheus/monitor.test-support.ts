import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { runPass } from "@zcloud/reconcile";
import { debian, rootfsPath } from "@zcloud/testing";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { createMonitor, type MonitorVerbs } from "./daemon.ts";
import { alertmanagerPlaces, type MonitorPlaces, prometheusPlaces } from "./places.ts";
import type { MonitorDesired } from "./plan.ts";
import { alertmanagerArguments, prometheusArguments } from "./units.ts";

export const map = labMap();

/** Places of one in a directory of its own. */
export function placesIn(root: string, of: "prometheus" | "alertmanager", port: number): MonitorPlaces {
  const at = (name: string) => join(root, `${of}-${name}`);
  const usual = of === "prometheus" ? prometheusPlaces : alertmanagerPlaces;
  const paths = { dropIn: at("unit"), enabled: at("enabled"), config: at("config.yml"), state: at("state") };
  return { ...usual, ...paths, aside: at("aside"), owner: "root:root", listen: `127.0.0.1:${port}` };
}

/** A real one that is kept by its reconciler. */
export interface Kept {
  readonly places: MonitorPlaces;
  /** Kinds of what was applied. */
  pass(desired: MonitorDesired): Promise<readonly string[]>;
  get(path: string): Promise<string>;
  /** Ends it by force. */
  kill(): void;
}

/** @param environment of the daemon, beside this process's own */
export function keep(
  of: "prometheus" | "alertmanager",
  places: MonitorPlaces,
  environment: Readonly<Record<string, string>> = {},
): Kept {
  const binary = of === "prometheus" ? "/usr/bin/prometheus" : "/usr/bin/prometheus-alertmanager";
  const retention = { keep: 86_400, atMost: 2 ** 28 };
  const own = of === "prometheus" ? prometheusArguments(places, retention) : alertmanagerArguments(places);
  const command = of === "prometheus" ? debian(binary, ...own) : withItsShare(debian(binary, ...own));
  mkdirSync(places.state, { recursive: true });
  const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const { verbs, pid } = shellVerbs(["env", ...set, ...command], places, (path) =>
    of === "prometheus"
      ? debian("/usr/bin/promtool", "check", "config", path)
      : debian("/usr/bin/amtool", "check-config", path),
  );
  const monitor = createMonitor(of, { host: new LocalHost(), places, verbs });
  const signal = AbortSignal.timeout(120_000);
  return {
    places,
    async pass(desired) {
      return (await runPass(monitor, desired, { read: signal, write: signal })).map(({ kind }) => kind);
    },
    async get(path) {
      const answer = await fetch(`http://${places.listen}${path}`);
      return answer.text();
    },
    kill: () =>
      void execFileSync("sh", ["-c", `test ! -e ${pid} || kill -9 "$(cat ${pid})" || true`], { stdio: "ignore" }),
  };
}

/** Debian's Alertmanager has its templates at a fixed path: a mount namespace of its own sees the userland's. */
function withItsShare(argv: readonly string[]): readonly string[] {
  return ["unshare", "-m", "sh", "-c", `mount --bind ${rootfsPath}/usr/share /usr/share && exec "$@"`, "sh", ...argv];
}

function shellVerbs(
  command: readonly string[],
  { state, enabled }: MonitorPlaces,
  check: MonitorVerbs["check"],
): { readonly verbs: MonitorVerbs; readonly pid: string } {
  const pid = join(state, "pid");
  const quoted = command.map((word) => `'${word}'`).join(" ");
  const alive = `test -e ${pid} && test "$(cat /proc/$(cat ${pid})/cmdline 2>/dev/null | wc -c)" -gt 0`;
  const start = `touch ${enabled}; ${alive} || { setsid ${quoted} >>${pid}.log 2>&1 & echo $! >${pid}; }`;
  const stop = `rm -f ${enabled}; ${alive} && kill "$(cat ${pid})"; while ${alive}; do sleep 0.05; done`;
  const sh = (script: string) => ["sh", "-c", script];
  const verbs = {
    ...{ check, start: sh(start), stop: sh(stop), restart: sh(`${stop}; ${start}`) },
    ...{ reload: sh(`kill -HUP "$(cat ${pid})"`), unitChanged: ["true"] },
  };
  return { verbs, pid };
}

/** A server on loopback that answers as `answer` says. */
export async function serve(
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

/** A file of its own, for checkers. */
export function fileIn(root: string, name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}
