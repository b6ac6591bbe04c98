import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Daemon, startDaemon, tempDir } from "@zcloud/testing";
import { afterEach, expect, test } from "vitest";

/**
 * What systemd does: it binds a datagram socket, and for `OpenFile=` connects another one to it and passes that as
 * descriptor 3, by the protocol of sd_listen_fds(3). Prints every datagram with whose the kernel says it is. In Perl,
 * which every Debian has: Node has no datagram sockets of this family. recvmsg(2) with SCM_CREDENTIALS (unix(7)) is
 * packed by hand: struct msghdr and cmsghdr of x86_64.
 */
const systemd = String.raw`
use Socket; use POSIX ();
$| = 1; $^F = 16;
my ($path, $node, $script) = @ARGV;
my ($SO_PASSCRED, $SYS_recvmsg, $SYS_prctl, $PR_SET_PDEATHSIG, $SIGKILL) = (16, 47, 157, 1, 9);
socket(my $server, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
setsockopt($server, SOL_SOCKET, $SO_PASSCRED, 1) or die "setsockopt: $!";
bind($server, pack_sockaddr_un($path)) or die "bind: $!";
my $pid = fork() // die "fork: $!";
if ($pid == 0) {
  # It turns for ever in the end: it must not outlive us.
  syscall($SYS_prctl, $PR_SET_PDEATHSIG, $SIGKILL, 0, 0, 0);
  socket(my $client, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
  connect($client, pack_sockaddr_un($path)) or die "connect: $!";
  POSIX::dup2(fileno($client), 3) or die "dup2: $!";
  @ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES WATCHDOG_USEC WATCHDOG_PID)} = ($$, 1, "notify", 200000, $$);
  exec($node, "--import", "tsx", $script) or die "exec: $!";
}
print "pid $pid\n";
for (;;) {
  my ($data, $control) = ("\0" x 4096, "\0" x 32);
  my $iov = pack("P Q", $data, length $data);
  my $message = pack("Q L x4 P Q P Q l x4", 0, 0, $iov, 1, $control, length $control, 0);
  my $size = syscall($SYS_recvmsg, fileno($server), $message, 0);
  die "recvmsg: $!" if $size < 0;
  my $sender = unpack("x16 l", $control);
  (my $said = substr($data, 0, $size)) =~ tr/\n/|/;
  print $sender == $pid ? "main" : "other", " $said\n";
}
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
  daemon = await startDaemon(["perl", "-e", systemd, `${directory}/notify`, process.execPath, script], /WATCHDOG=1/);
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
