import { existsSync } from "node:fs";
import type { Layout } from "./layout.ts";
import { repository } from "./repository.ts";

/** One command of the deployment, run as an operator would. */
export interface DeployStep {
  readonly name: string;
  readonly argv: readonly string[];
  /** Missing in this working tree: why the step is left out. */
  readonly missing: string | undefined;
}

const zctl = "apps/zctl/dist/zctl.js";

/** What an operator types to make a new installation serve, in order. */
export function deploySteps(): readonly DeployStep[] {
  const withZctl = (name: string, ...args: readonly string[]): DeployStep => {
    return { name, argv: [process.execPath, `${repository}/${zctl}`, ...args], missing: need(zctl) };
  };
  return [
    withZctl("keys", "pki"),
    withZctl("map", "apply"),
    {
      name: "services",
      argv: ["npx", "nx", "run-many", "-t", "deploy", "--outputStyle=static"],
      missing: need("tools/deploy/src/main.ts"),
    },
    withZctl("stack hello", "deploy", `${repository}/deploy/stacks/hello`, "--tenant", "demo"),
    withZctl("stack notes", "deploy", `${repository}/deploy/stacks/notes`, "--tenant", "demo"),
  ];
}

function need(path: string): string | undefined {
  return existsSync(`${repository}/${path}`) ? undefined : `there is no ${path} yet`;
}

/** How the steps find the lab's installation, whatever directory and link they start from. */
export function deployEnvironment(layout: Layout): Readonly<Record<string, string>> {
  return { ZCLOUD_MAP: `${layout.installation}/zcloud.yaml`, NX_DAEMON: "false", NX_NO_CLOUD: "true" };
}
