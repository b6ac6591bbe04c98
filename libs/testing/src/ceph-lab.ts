import { setTimeout as sleep } from "node:timers/promises";
import type { LabHandle } from "./lab.ts";

/** One file that was on disk at as many places as the pool wants when its writer went on. */
export interface Acknowledged {
  readonly file: number;
  /** Milliseconds since the epoch, by the writer's clock. */
  readonly at: number;
}

/** A loop on a site's zpod1 that writes small files, each synced before the next. */
export interface CephWriter {
  readonly host: string;
  readonly directory: string;
  acknowledged(): Promise<readonly Acknowledged[]>;
  /** Ends after the file that is being written, however long that takes. */
  end(): Promise<readonly Acknowledged[]>;
}

/** The cluster of a lab that has one, and its file system as clients on zpods have it. */
export interface CephLab {
  /** What a shell script says, as root of a host. @param timeout milliseconds, a minute by default @throws Error with what went wrong */
  ok(host: string, script: string, timeout?: number): Promise<string>;
  /** Resolves when everything is there, up and clean. @param seconds until it must be */
  healthy(seconds: number): Promise<void>;
  /** Name of the site with the active MDS. */
  activeMds(): Promise<string>;
  /** On a site's zpod1, at `mountPoint`, as a client that knows the sites' monitors only; nothing if it is there. */
  mount(site: string): Promise<void>;
  /** The same by a client that was never there, whatever became of the one that is. */
  mountAnew(site: string): Promise<void>;
  /** @param name of the files' directory, and of the writer's unit */
  write(site: string, name: string): Promise<CephWriter>;
  /** Which of the files don't have what was written, read by a site's zpod1. */
  lost(site: string, writer: CephWriter, done: readonly Acknowledged[]): Promise<readonly number[]>;
}

export const mountPoint = "/mnt/ceph-test";
const client = "client.test";
/** Milliseconds between two files of a writer. */
const pace = 100;

const writeLoop = (directory: string, name: string): string => `#!/bin/sh
cd ${directory}
n=0
while [ ! -e /root/${name}.enough ]; do
  n=$((n + 1))
  echo "word $n" | dd of="$n" conv=fsync status=none && echo "$n $(date +%s%3N)" >> /root/${name}.acknowledged
  sleep ${pace / 1_000}
done
`;

export function cephLab(lab: LabHandle): CephLab {
  const zstores = lab.map.sites.flatMap(({ hosts }) => hosts.filter(({ role }) => role === "zstore"));

  async function ok(host: string, script: string, timeout = 60_000): Promise<string> {
    const { status, stdout, stderr } = await lab.sh(host, ["sh", "-s"], { input: script, timeout });
    if (status !== 0) throw new Error(`${host}: exit status ${status}: ${(stdout + stderr).slice(-2_000)}`);
    return stdout.trim();
  }

  /** By whichever zstore has a quorum. */
  async function ceph(command: string): Promise<unknown> {
    const errors: string[] = [];
    for (const { id } of zstores) {
      const argv = ["timeout", "20", "ceph", "--connect-timeout", "5", ...command.split(" "), "--format", "json"];
      const { status, stdout, stderr } = await lab.sh(id, argv).catch(gone);
      if (status === 0) return JSON.parse(stdout);
      errors.push(`${id}: ${stderr.slice(-300)}`);
    }
    throw new Error(`ceph ${command}: ${errors.join("; ")}`);
  }

  /** What is not as it should be; empty when all is. */
  async function missing(): Promise<readonly string[]> {
    const { health, quorum_names, pgmap, mgrmap, osdmap } = (await ceph("status")) as CephStatus;
    const clean = pgmap.pgs_by_state.find(({ state_name }) => state_name === "active+clean")?.count ?? 0;
    const monitors = zstores.length + (lab.map.witness === undefined ? 0 : 1);
    const osds = lab.map.sites.reduce((sum, { disks }) => sum + disks.ceph.length, 0);
    const checks: [boolean, string][] = [
      [health.status === "HEALTH_OK", `${health.status}: ${JSON.stringify(health.checks)}`],
      [quorum_names.length === monitors, `quorum: ${quorum_names.join(", ")}`],
      [osdmap.num_up_osds === osds, `${osdmap.num_up_osds} OSDs up`],
      // Health is good before there are any, and says so for seconds after a cut.
      [pgmap.num_pgs > 60 && clean === pgmap.num_pgs, `${clean} of ${pgmap.num_pgs} placement groups clean`],
      [mgrmap.available, "no manager"],
    ];
    return checks.flatMap(([good, what]) => (good ? [] : [what]));
  }

  async function mount(site: string): Promise<void> {
    const first = zstores[0]?.id ?? "";
    const caps = "mon 'allow r' mds 'allow rw' osd 'allow rw tag cephfs data=zcloud'";
    const keyring = await ok(first, `timeout 30 ceph auth get-or-create ${client} ${caps}`);
    const fsid = await ok(first, "timeout 30 ceph fsid");
    const text = [
      "[global]",
      `fsid = ${fsid}`,
      `mon_host = ${zstores.map(({ address }) => `[v2:${address}:3300]`).join(",")}`,
      ...["client_mode", "mon_client_mode"].map((what) => `ms_${what} = secure`),
      "mon_client_ping_interval = 2",
      "mon_client_ping_timeout = 6",
      "",
    ].join("\n");
    await ok(
      `${site}/zpod1`,
      `set -e
mkdir -p ${mountPoint}
mountpoint --quiet ${mountPoint} && exit 0
umask 077
cat > /root/ceph-test.conf << 'END'
${text}END
cat > /root/ceph-test.keyring << 'END'
${keyring}
END
timeout 60 ceph-fuse --id ${client.replace("client.", "")} -c /root/ceph-test.conf -k /root/ceph-test.keyring ${mountPoint} \
  > /root/ceph-test.log 2>&1 || { cat /root/ceph-test.log; exit 1; }
`,
      90_000,
    );
  }

  return {
    ok,
    async healthy(seconds) {
      const until = performance.now() + seconds * 1_000;
      for (;;) {
        const lacks = await missing().catch((error: Error) => [error.message]);
        if (lacks.length === 0) return;
        if (performance.now() > until)
          throw new Error(`the cluster is not whole after ${seconds} s: ${lacks.join("; ")}`);
        await sleep(1_000);
      }
    },
    async activeMds() {
      const { filesystems } = (await ceph("fs dump")) as FsDump;
      const [active] = Object.values(filesystems[0]?.mdsmap.info ?? {}).filter(({ state }) => state === "up:active");
      if (active === undefined) throw new Error("no MDS is active");
      return active.name;
    },
    mount,
    async mountAnew(site) {
      // One that is killed leaves its rights to files behind, for which others wait for a minute. Whoever names a mount that hangs, hangs.
      await ok(
        `${site}/zpod1`,
        `timeout --kill-after=1 10 umount --no-canonicalize ${mountPoint} 2>/dev/null && exit 0
pkill -KILL -f ceph-test.conf; sleep 0.5; umount --lazy --no-canonicalize ${mountPoint} 2>/dev/null; true`,
      );
      await mount(site);
    },
    async write(site, name) {
      const [host, directory] = [`${site}/zpod1`, `${mountPoint}/${name}`];
      await ok(
        host,
        `set -e
mountpoint --quiet ${mountPoint}
rm -f /root/${name}.*
mkdir -p ${directory}
cat > /root/${name}.sh << 'END'
${writeLoop(directory, name)}END
systemd-run --quiet --collect --unit=${name} sh /root/${name}.sh`,
      );
      const acknowledged = async (): Promise<readonly Acknowledged[]> => {
        const text = await ok(host, `cat /root/${name}.acknowledged 2>/dev/null || true`);
        return text
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => {
            const [file = 0, at = 0] = line.split(" ").map(Number);
            return { file, at };
          });
      };
      return {
        host,
        directory,
        acknowledged,
        async end() {
          const script = `touch /root/${name}.enough; while systemctl --quiet is-active ${name}; do sleep 0.2; done`;
          await ok(host, script, 300_000);
          return acknowledged();
        },
      };
    },
    async lost(site, { directory }, done) {
      const files = done.map(({ file }) => file).join(" ");
      const said = await ok(
        `${site}/zpod1`,
        `cd ${directory} || exit 1\nfor n in ${files}; do [ "$(cat $n 2>/dev/null)" = "word $n" ] || echo $n; done`,
        300_000,
      );
      return said === "" ? [] : said.split("\n").map(Number);
    },
  };
}

/** Seconds of the longest time between two acknowledged files. */
export function longestStall(done: readonly Acknowledged[]): number {
  return Math.max(0, ...done.slice(1).map(({ at }, index) => at - (done[index]?.at ?? at))) / 1_000;
}

const gone = (error: Error) => ({ status: 1, stdout: "", stderr: error.message });

interface CephStatus {
  readonly health: { readonly status: string; readonly checks: unknown };
  readonly quorum_names: readonly string[];
  readonly osdmap: { readonly num_up_osds: number };
  readonly mgrmap: { readonly available: boolean };
  readonly pgmap: {
    readonly num_pgs: number;
    readonly pgs_by_state: readonly { readonly state_name: string; readonly count: number }[];
  };
}
interface FsDump {
  readonly filesystems: readonly {
    readonly mdsmap: { readonly info: Readonly<Record<string, { readonly name: string; readonly state: string }>> };
  }[];
}
