import type { Host } from "@zcloud/host";
import type { Tenant } from "@zcloud/map";
import { type Action, type FileAction, type FileSpec, planFiles, type Reconciler } from "@zcloud/reconcile";
import { runOrThrow } from "./local-volumes.ts";
import { containersConfPath, renderContainersConf, renderSlice, renderSubids, slicePath } from "./render.ts";

export interface EngineDesired {
  readonly tenants: readonly Tenant[];
}

export interface EngineObserved {
  readonly files: ReadonlyMap<string, FileSpec>;
  readonly subuid: string;
  readonly subgid: string;
  readonly socket: boolean;
}

export interface EnableSocket extends Action {
  readonly kind: "enable-socket";
}
export type EngineAction = FileAction | EnableSocket;

const socket = "podman.socket";
const sliceDirectory = "/etc/systemd/system";

/** podman itself: its settings, the range of user ids, a slice for each tenant, the socket. */
export class EngineReconciler implements Reconciler<EngineDesired, EngineObserved, EngineAction> {
  readonly name = "podman";
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async observe(): Promise<EngineObserved> {
    const host = this.#host;
    const slices = (await host.list(sliceDirectory))
      .filter((name) => /^zcloud-[^.]+\.slice$/.test(name))
      .map((name) => `${sliceDirectory}/${name}`);
    const files = new Map<string, FileSpec>();
    for (const path of [containersConfPath, "/etc/subuid", "/etc/subgid", ...slices]) {
      const [content, stat] = [await host.read(path), await host.stat(path)];
      if (content !== undefined && stat !== undefined) files.set(path, { content, mode: stat.mode });
    }
    const { stdout } = await host.run(
      ["systemctl", "show", "--property=ActiveState,UnitFileState", "--value", socket],
      { timeout: 10_000 },
    );
    return {
      files,
      subuid: files.get("/etc/subuid")?.content ?? "",
      subgid: files.get("/etc/subgid")?.content ?? "",
      socket: stdout.split("\n").includes("active") && stdout.split("\n").includes("enabled"),
    };
  }

  plan({ tenants }: EngineDesired, observed: EngineObserved): readonly EngineAction[] {
    const mode = 0o644;
    const desired = new Map<string, FileSpec>([
      [containersConfPath, { content: renderContainersConf(), mode }],
      ["/etc/subuid", { content: renderSubids(observed.subuid), mode }],
      ["/etc/subgid", { content: renderSubids(observed.subgid), mode }],
      ...tenants.map((tenant) => [slicePath(tenant), { content: renderSlice(tenant), mode }] as const),
    ]);
    const files = planFiles(desired, observed.files);
    const enable: EnableSocket = { kind: "enable-socket", change: "+", subject: socket, summary: "enable and start" };
    return observed.socket ? files : [...files, enable];
  }

  async apply(action: EngineAction): Promise<void> {
    const host = this.#host;
    if (action.kind === "enable-socket") {
      await runOrThrow(host, `enable ${socket}`, ["systemctl", "enable", "--now", "--quiet", socket]);
      return;
    }
    if (action.kind === "write-file") await host.write(action.path, action.spec.content, { mode: action.spec.mode });
    else await host.remove(action.path);
    if (action.path.endsWith(".slice"))
      await runOrThrow(host, `load ${action.subject}`, ["systemctl", "daemon-reload"]);
  }
}
