/**
 * Asks Ceph's monitors several things over one connection, through librados: the ceph program takes a second for each. Reads one job
 * from standard input, writes one answer. Needs python3-rados.
 */
export const askScript = `
import base64, json, os, sys
import rados

job = json.load(sys.stdin)
limit = job["timeout"]

def end(answer):
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    os._exit(0)

try:
    cluster = rados.Rados(name=job["as"], conffile=job["conf"], conf={
        "keyring": job["keyring"], "client_mount_timeout": str(limit), "rados_mon_op_timeout": str(limit),
        "log_to_stderr": "false", "err_to_stderr": "false"})
    cluster.connect(timeout=limit)
except Exception as error:
    end({"unreachable": str(error)})

said = []
for one in job["commands"]:
    try:
        status, out, err = cluster.mon_command(json.dumps(one["command"]), one.get("input", "").encode(), timeout=limit)
    except Exception as error:
        end({"unreachable": str(error)})
    said.append({"status": status, "out": base64.b64encode(out).decode(), "err": err})
    if status < 0 and not job["all"]:
        break
end({"answers": said})
`;
