import type { Layout } from "./layout.ts";
import { repository } from "./repository.ts";

/** One command of the deployment, run as an operator would. */
export interface DeployStep {
  readonly name: string;
  readonly argv: readonly string[];
}

const nx = ["node_modules/.bin/nx", "run-many", "--outputStyle=static", "-t"];

/** Bundles all apps; what did not change comes from nx's cache. */
export const buildStep: DeployStep = { name: "apps", argv: [...nx, "build"] };

/** What an operator types to make a new installation take stacks, in order. */
export const deploySteps: readonly DeployStep[] = [
  { name: "keys", argv: zctl("pki") },
  { name: "map", argv: zctl("apply") },
  { name: "services", argv: [...nx, "deploy"] },
];

/** Succeeds once Ceph is up; a stack with volumes that is sent before that fails first. */
export const storageStep: DeployStep = { name: "storage", argv: zctl("volumes") };

/** The samples, in any order. */
export const stackSteps: readonly DeployStep[] = ["hello", "notes"].map((stack) => {
  return { name: `stack ${stack}`, argv: zctl("deploy", `${repository}/deploy/stacks/${stack}`, "--tenant", "demo") };
});

function zctl(...args: readonly string[]): readonly string[] {
  return [process.execPath, `${repository}/apps/zctl/dist/zctl.js`, ...args];
}

/** How the steps find the lab's installation, whatever directory and link they start from. */
export function deployEnvironment(layout: Layout): Readonly<Record<string, string>> {
  return { ZCLOUD_MAP: `${layout.installation}/zcloud.yaml`, NX_DAEMON: "false", NX_NO_CLOUD: "true" };
}
