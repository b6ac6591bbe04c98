import { applyFile, commandSaid, type Host, observeFiles } from "@zcloud/host";
import type { Reconciler } from "@zcloud/reconcile";
import { planUpgrades, type UpgradesAction, type UpgradesDesired, type UpgradesObserved } from "./plan.ts";
import { type UpgradePlaces, upgradePlaces } from "./render.ts";
import { parseRecord, type UpgradesReport } from "./report.ts";

export interface UpgradesOptions {
  readonly host: Host;
  readonly places?: UpgradePlaces;
}

export interface Upgrades extends Reconciler<UpgradesDesired, UpgradesObserved, UpgradesAction> {
  /** As of the last look. */
  report(): UpgradesReport | undefined;
}

const timer = "zcloud-upgrades.timer";
/** Made by packages that want a boot (unattended-upgrade looks there, too). */
const rebootRequired = "/run/reboot-required";

/** Keeps the timer of the security upgrades, and knows how they went. The upgrades themselves are systemd's to start. */
export function createUpgrades({ host, places = upgradePlaces }: UpgradesOptions): Upgrades {
  let latest: UpgradesReport | undefined;
  const paths = [places.apt, `${places.scripts}/guard`, `${places.scripts}/record`, places.service, places.timer];

  async function observe(signal: AbortSignal): Promise<UpgradesObserved> {
    const asked = ["systemctl", "show", timer, "--property=ActiveState,UnitFileState,NeedDaemonReload"];
    const said = await host.run(asked, { signal });
    const is = (line: string) => said.stdout.split("\n").includes(line);
    const read = (name: string) => host.read(`${places.state}/${name}`);
    latest = {
      ...parseRecord(await read("last"), await read("success")),
      since: (await host.stat(places.timer))?.mtime,
      rebootRequired: (await host.stat(rebootRequired))?.mtime,
    };
    const scheduled = is("ActiveState=active") && is("UnitFileState=enabled") && is("NeedDaemonReload=no");
    return { files: await observeFiles(host, paths), scheduled };
  }

  async function must(argv: readonly string[], signal: AbortSignal): Promise<void> {
    const result = await host.run(argv, { signal });
    if (result.status !== 0) throw new Error(`run ${argv.join(" ")}: ${commandSaid(result)}`);
  }

  return {
    name: "upgrades",
    observe,
    plan: planUpgrades,
    async apply(action, signal) {
      if (action.kind === "write-file") return applyFile(host, action.file);
      await must(["systemctl", "daemon-reload"], signal);
      await must(["systemctl", "enable", timer], signal);
      await must(["systemctl", "restart", timer], signal);
    },
    report: () => latest,
  };
}
