import { commandSaid, type Host } from "@zcloud/host";
import type { Action, Reconciler } from "@zcloud/reconcile";
import { CephError } from "./errors.ts";

interface InstallPackages extends Action {
  readonly kind: "install";
  readonly packages: readonly string[];
}

/** Milliseconds that apt may take, over a slow line. */
const patience = 600_000;

/** Keeps packages of the host's own Debian installed, without what they only recommend; their upgrades are another's. */
export function createPackages(host: Host): Reconciler<readonly string[], readonly string[], InstallPackages> {
  async function apt(signal: AbortSignal, ...words: readonly string[]): Promise<void> {
    const argv = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes", ...words];
    const ran = await host.run(argv, { signal, timeout: patience });
    if (ran.status === 0) return;
    const remedy = `does apt-get update work there? zctl ssh ${host.name} apt-get update`;
    throw new CephError(`install packages: apt-get ended with ${ran.status}: ${commandSaid(ran, 300)}; ${remedy}`);
  }
  return {
    name: "packages",
    async observe(signal) {
      const argv = ["dpkg-query", "--show", "--showformat", "${binary:Package} ${db:Status-Status}\\n"];
      const { status, stdout, stderr } = await host.run(argv, { signal });
      if (status !== 0) throw new CephError(`look for packages: ${stderr.trim()}; the witness needs Debian 13`);
      return installed(stdout);
    },
    plan: planPackages,
    async apply({ packages }, signal) {
      await apt(signal, "update");
      await apt(signal, "install", "--no-install-recommends", ...packages);
    },
  };
}

/** Of dpkg-query's lines `NAME[:ARCHITECTURE] STATUS`. */
export function installed(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.split(" "))
    .flatMap(([name = "", status]) => (status === "installed" ? [name.replace(/:.*/, "")] : []));
}

export function planPackages(wanted: readonly string[], present: readonly string[]): readonly InstallPackages[] {
  const packages = wanted.filter((name) => !present.includes(name));
  if (packages.length === 0) return [];
  return [{ kind: "install", change: "+", subject: "packages", summary: packages.join(", "), packages }];
}
