import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { HostEntry } from "@zcloud/map";
import { createCgroup, joining, killCgroup, leader, populated, removeCgroup, v1Controllers } from "./cgroup.ts";
import { LabError } from "./errors.ts";
import { run, succeeds } from "./exec.ts";
import { type HostPaths, hostName, hostPaths, type Layout, unitName } from "./layout.ts";
import { limitsDirectory } from "./limits.ts";
import { netnsPath } from "./netns.ts";
import type { ProvisionedFile } from "./provision.ts";

/** Milliseconds that a host may take from power-on to `running`. */
const bootTimeout = 60_000;

/** One host of the map as a systemd-nspawn machine: the same userland, init and daemons as in production. */
export class Machine {
  readonly host: HostEntry;
  readonly unit: string;
  readonly paths: HostPaths;

  constructor(layout: Layout, host: HostEntry) {
    this.host = host;
    this.unit = unitName(layout.lab, host.id);
    this.paths = hostPaths(layout, host.id);
  }

  running(): Promise<boolean> {
    return populated(this.unit);
  }

  /** Process id of its init on this machine; undefined while it is off. */
  leader(): Promise<number | undefined> {
    return leader(this.unit);
  }

  /** Mounts its disk: images below (`lowerDirectories`), what it wrote above. */
  async mount(below: string): Promise<void> {
    const { root, upper, work, containers } = this.paths;
    for (const directory of [root, upper, work, containers, dirname(this.paths.console)])
      await mkdir(directory, { recursive: true });
    if (await succeeds(["mountpoint", "--quiet", root])) return;
    await run(["mount", "-t", "overlay", "-o", `lowerdir=${below},upperdir=${upper},workdir=${work}`, this.unit, root]);
  }

  /** Writes files into its disk, which must be mounted. */
  async provision(files: ReadonlyMap<string, ProvisionedFile>): Promise<void> {
    for (const [path, { content, mode }] of files) {
      const target = `${this.paths.root}${path}`;
      if ((await readFile(target, "utf8").catch(() => undefined)) === content) continue;
      await mkdir(dirname(target), { recursive: true, mode: path.startsWith("/root/") ? 0o700 : 0o755 });
      await rm(target, { force: true });
      await writeFile(target, content, { mode });
    }
  }

  /** Power on; its disk is mounted and its network namespace is fresh. Resolves when its systemd has started everything. */
  async boot(): Promise<void> {
    await createCgroup(this.unit);
    const console = openSync(this.paths.console, "a", 0o640);
    try {
      const [program, ...args] = joining(this.unit, this.#nspawn());
      const env = {
        PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
        SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1",
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: "1",
        SYSTEMD_SECCOMP: "0",
      };
      spawn(program, args, { detached: true, stdio: ["ignore", console, console], env }).unref();
    } finally {
      closeSync(console);
    }
    await this.#booted();
  }

  /** A power cut: every process ends in the same instant, nothing is flushed or said good-bye to. */
  async powerOff(): Promise<void> {
    await killCgroup(this.unit);
    await removeCgroup(this.unit);
    if (await succeeds(["mountpoint", "--quiet", this.paths.root])) await run(["umount", this.paths.root]);
  }

  /**
   * Command prefix that runs a program inside, in all its namespaces. In its cgroup too: on a machine with cgroup v2 alone,
   * its systemd can't make scopes for processes that live outside (podman run asks for one).
   */
  async entering(): Promise<readonly string[]> {
    const pid = await this.leader();
    if (pid === undefined)
      throw new LabError(
        `enter ${this.host.id}: it is powered off; switch it on: npm run lab -- power-on ${this.host.id}`,
      );
    return joining(`${this.unit}/payload/init.scope`, [
      "nsenter",
      "-t",
      String(pid),
      "-m",
      "-u",
      "-i",
      "-n",
      "-p",
      "-C",
      "-r",
      "-w",
      "--",
    ]);
  }

  async #booted(): Promise<void> {
    const deadline = Date.now() + bootTimeout;
    for (;;) {
      const pid = await this.leader();
      if (pid !== undefined) {
        const prefix = await this.entering();
        const ended = await run([
          "sh",
          "-c",
          '"$@" || true',
          "sh",
          ...prefix,
          "systemctl",
          "is-system-running",
          "--wait",
        ]).catch(() => "");
        if (/^(running|degraded)$/m.test(ended.trim())) return;
      }
      if (
        Date.now() > deadline ||
        (pid === undefined && Date.now() > deadline - bootTimeout + 3_000 && !(await this.running()))
      ) {
        const said = (await readFile(this.paths.console, "utf8").catch(() => ""))
          .trim()
          .split("\n")
          .slice(-5)
          .join(" | ");
        throw new LabError(`boot ${this.host.id}: it did not come up; ${this.paths.console} ends with: ${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  #nspawn(): readonly string[] {
    const binds = ["/dev/fuse", "/dev/net/tun", `${this.paths.containers}:/var/lib/containers`];
    for (const [controller, mount] of v1Controllers())
      binds.push(`${mount}/${this.unit}:${limitsDirectory}/${controller}`);
    return [
      "systemd-nspawn",
      "--quiet",
      `--directory=${this.paths.root}`,
      `--machine=${this.unit}`,
      `--hostname=${hostName(this.host)}`,
      "--register=no",
      "--keep-unit",
      "--boot",
      `--network-namespace-path=${netnsPath(this.unit)}`,
      "--capability=all",
      "--drop-capability=CAP_SYS_TIME",
      "--console=pipe",
      "--link-journal=no",
      "--resolv-conf=off",
      "--timezone=off",
      "--notify-ready=yes",
      ...binds.map((bind) => `--bind=${bind}`),
    ];
  }
}
