import { setMaxListeners } from "node:events";
import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { attach, LocalHost, streamLines } from "@zcloud/host";
import { connect } from "./connect.ts";
import { readEnrollScript } from "./enroll-script.ts";
import { zctl } from "./program.ts";
import { terminal } from "./screen.ts";

const interrupted = new AbortController();
// One listener for each command under way, at all hosts at once.
setMaxListeners(0, interrupted.signal);
// The second Ctrl-C ends at once, whatever hangs.
process.once("SIGINT", () => interrupted.abort());
process.once("SIGTERM", () => interrupted.abort());
// `zctl events | head`: the reader has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const local = new LocalHost();
process.exitCode = await zctl(
  process.argv.slice(2),
  {
    local,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    connect: (installation, entry) => connect(local, installation, entry),
    enrollScript: () => readEnrollScript(local),
    attach,
    stream: (argv, signal) => streamLines(argv, { signal }),
    now: Date.now,
    sleep: async (ms, signal) => void (await sleep(ms, undefined, { signal })),
    signal: interrupted.signal,
  },
  terminal(process.env, process.stdout, process.stderr),
);
