import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Daemon, startDaemon, tempDir } from "@zcloud/testing";
import { afterEach, expect, test } from "vitest";

/**
 * What systemd does: it binds a datagram socket, and for `OpenFile=` connects another one to it and passes that as
 * descriptor 3, by the protocol of sd_listen_fds(3). Prints every datagram with the pid that the kernel says sent it.
 */
const systemd = `
import os, socket, struct, sys
path, node, script = sys.argv[1:]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
server.bind(path)
pid = os.fork()
if pid == 0:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.connect(path)
    fd = client.detach()
    if fd != 3: os.dup2(fd, 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="notify", WATCHDOG_USEC="200000", WATCHDOG_PID=str(os.getpid()))
    os.execv(node, [node, "--import", "tsx", script])
print("pid", pid, flush=True)
while True:
    data, ancillary, _, _ = server.recvmsg(4096, socket.CMSG_SPACE(12))
    sender = struct.unpack("3i", ancillary[0][2])[0]
    print("main" if sender == pid else "other", data.decode().replace("\\n", "|"), flush=True)
`;

const service = `
import { keepWatchdog, openNotifier } from ${JSON.stringify(fileURLToPath(new URL("notify.ts", import.meta.url)))};
const notifier = openNotifier();
await notifier.send("READY=1", "STATUS=two\\nlines");
keepWatchdog(notifier);
process.once("SIGUSR1", () => { for (;;); });
process.once("SIGTERM", async () => { await notifier.send("STOPPING=1"); process.exit(0); });
`;

let daemon: Daemon | undefined;
afterEach(() => daemon?.stop("SIGKILL"));

test("what a service says arrives at a real datagram socket, from its own pid, as long as its event loop turns", async () => {
  const directory = tempDir();
  const script = `${directory}/service.mjs`;
  writeFileSync(script, service);
  daemon = await startDaemon(["python3", "-c", systemd, `${directory}/notify`, process.execPath, script], /WATCHDOG=1/);
  const said = (): string[] => daemon?.said().trim().split("\n") ?? [];
  expect(said()[1]).toBe("main READY=1|STATUS=two lines");
  const watchdogs = (): number => said().filter((line) => line === "main WATCHDOG=1").length;
  await expect.poll(watchdogs, { timeout: 10_000 }).toBeGreaterThan(3);
  expect(said().filter((line) => line.startsWith("other"))).toEqual([]);

  process.kill(Number(said()[0]?.split(" ")[1]), "SIGUSR1");
  const silent = async (): Promise<boolean> => {
    const before = watchdogs();
    await pause(500);
    return watchdogs() === before;
  };
  await expect.poll(silent, { timeout: 10_000 }).toBe(true);
});
