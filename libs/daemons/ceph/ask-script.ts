/**
 * Asks Ceph's monitors, and its active manager, through librados, over connections that last as long as its input is open: the ceph
 * program takes a second for each question. The first line says who asks; each further one is a job, answered by a line with its
 * number, those to monitors in order and those to managers in order, within its time. What is to be written is answered once Ceph has
 * acknowledged it, however late, and holds up no question. When its input ends it answers what it was asked, and ends. Needs
 * python3-rados.
 *
 * A monitor that is gone is noticed after three seconds, and all are tried at once: somebody who asks waits for five.
 */
export const askScript = `
import base64, errno, json, math, os, queue, sys, threading, time
import rados

class Unreachable(Exception):
    pass

def crash(args):
    sys.excepthook(args.exc_type, args.exc_value, args.exc_traceback)
    sys.stderr.flush()
    os._exit(1)

threading.excepthook = crash
who = json.loads(sys.stdin.buffer.readline())
writes, speaking = queue.SimpleQueue(), threading.Lock()

def say(answer):
    with speaking:
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\\n")
        sys.stdout.buffer.flush()

def left(job):
    seconds = job["due"] - time.monotonic()
    if seconds <= 0:
        raise Unreachable("not in time")
    return str(math.ceil(seconds))

class Asked(threading.Thread):
    """Monitors or managers: each have a connection of their own, for its time limit holds for all that is asked over it."""

    def __init__(self, send):
        super().__init__(daemon=True)
        self.send, self.jobs, self.cluster = send, queue.SimpleQueue(), None

    def connected(self, job):
        if self.cluster is None:
            fresh = rados.Rados(name=who["as"], conffile=who["conf"], conf={
                "keyring": who["keyring"], "client_mount_timeout": left(job), "log_to_stderr": "false", "err_to_stderr": "false",
                "mon_client_ping_interval": "1", "mon_client_ping_timeout": "3",
                "mon_client_hunt_interval": "1", "mon_client_hunt_interval_max_multiple": "2",
                "ms_async_op_threads": "1", "librados_thread_count": "1"})
            try:
                fresh.connect()
            except rados.Error:
                fresh.shutdown()
                raise
            self.cluster = fresh
        return self.cluster

    def answer(self, job):
        answers = []
        try:
            for command in job["commands"]:
                cluster = self.connected(job)
                cluster.conf_set("rados_mon_op_timeout", left(job))
                status, out, err = self.send(cluster, json.dumps(command))
                # Of managers it is told without the sign.
                if abs(status) == errno.ETIMEDOUT:
                    raise Unreachable("no answer")
                answers.append({"status": status, "out": base64.b64encode(out).decode(), "err": err})
                if status < 0 and not job["all"]:
                    break
        except (rados.Error, Unreachable) as error:
            return {"job": job["job"], "unreachable": str(error)}
        return {"job": job["job"], "answers": answers}

    def run(self):
        while (job := self.jobs.get()) is not None:
            say(self.answer(job))

asked = {
    "monitors": Asked(lambda cluster, command: cluster.mon_command(command, b"")),
    "manager": Asked(lambda cluster, command: cluster.mgr_command(command, b"")),
}

def write(job):
    try:
        cluster = asked["monitors"].cluster
        if cluster is None:
            raise Unreachable("nobody was asked yet")
        with cluster.open_ioctx(job["write"]["pool"]) as pool:
            pool.set_namespace("zcloud")
            begun = time.monotonic()
            pool.write_full(job["write"]["object"], time.ctime().encode())
            return {"job": job["job"], "wrote": time.monotonic() - begun}
    except (rados.Error, Unreachable) as error:
        return {"job": job["job"], "failed": str(error), "shutOut": getattr(error, "errno", 0) == errno.ESHUTDOWN}

def keep_writing():
    while True:
        answer = write(writes.get())
        say(answer)
        # A client that the cluster shut out never gets in again; another one does.
        if answer.get("shutOut"):
            print("the cluster shut this client out", file=sys.stderr, flush=True)
            os._exit(1)

threading.Thread(target=keep_writing, daemon=True).start()
for one in asked.values():
    one.start()
for line in sys.stdin.buffer:
    job = json.loads(line)
    if "write" in job:
        writes.put(job)
    else:
        job["due"] = time.monotonic() + job["timeout"]
        asked[job["to"]].jobs.put(job)
for one in asked.values():
    one.jobs.put(None)
for one in asked.values():
    one.join()
os._exit(0)
`;

/** Command line that runs it. */
export const askCommand = ["python3", "-c", askScript] as const;
