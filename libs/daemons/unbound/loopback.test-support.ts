import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { debian } from "@zcloud/testing";
import type { UnboundVerbs } from "./daemon.ts";

/**
 * How an Unbound is handled where there is no systemd: it leaves its process id in `pid` of the directory, and what it says in `log`.
 * @param prefix of its command line
 */
export function verbsIn(directory: string, config: string, prefix: readonly string[] = []): UnboundVerbs {
  const pid = join(directory, "pid");
  const server = [...prefix, ...debian("/usr/sbin/unbound", "-d", "-p", "-c", config)].join(" ");
  const alive = `test -e ${pid} && test "$(cat /proc/$(cat ${pid})/cmdline | wc -c)" -gt 0`;
  const start = `${alive} || { setsid ${server} >>${directory}/log 2>&1 & echo $! >${pid}; }`;
  return {
    check: (path) => debian("/usr/sbin/unbound-checkconf", path),
    start: ["sh", "-c", start],
    restart: ["sh", "-c", `kill "$(cat ${pid})"; while ${alive}; do sleep 0.05; done; ${start}`],
    unitChanged: ["true"],
  };
}

/** Ends what was started so, if it was. */
export function endIn(directory: string, signal: NodeJS.Signals = "SIGTERM"): void {
  const pid = join(directory, "pid");
  if (!existsSync(pid)) return;
  try {
    process.kill(Number(readFileSync(pid, "utf8")), signal);
  } catch {
    // It has ended already.
  }
}
