import { populated } from "./cgroup.ts";
import type { Cut } from "./cuts.ts";
import type { Lab } from "./lab.ts";
import { unitName } from "./layout.ts";
import { netnsPath } from "./netns.ts";

export interface HostStatus {
  readonly id: string;
  readonly address: string;
  readonly power: "on" | "off";
  /** Command prefix that runs a program inside; absent while it is off. */
  readonly enter?: readonly string[];
  readonly netns: string;
}

/** What `status --json` prints. */
export interface LabStatus {
  readonly lab: string;
  readonly installation: string;
  readonly hosts: readonly HostStatus[];
  readonly services: { readonly resolver: "on" | "off"; readonly acme: "on" | "off" };
  readonly cuts: readonly Cut[];
  /** Command prefix of the client's place. */
  readonly via: readonly string[];
}

export async function labStatus(lab: Lab): Promise<LabStatus> {
  const { layout } = lab;
  const service = async (name: string) =>
    (await populated(`${unitName(layout.lab, "internet")}-${name}`)) ? "on" : "off";
  return {
    lab: layout.lab,
    installation: layout.installation,
    hosts: await Promise.all(
      lab.machines.map(async (machine): Promise<HostStatus> => {
        const { host, unit } = machine;
        const enter = (await machine.leader()) === undefined ? undefined : await machine.entering();
        const power = (await machine.running()) ? "on" : "off";
        return {
          id: host.id,
          address: host.address,
          power,
          ...(enter === undefined ? {} : { enter }),
          netns: netnsPath(unit),
        };
      }),
    ),
    services: { resolver: await service("resolver"), acme: await service("acme") },
    cuts: await lab.cuts(),
    via: lab.via,
  };
}

/** For people: what is wrong first. */
export function formatStatus(status: LabStatus): string {
  const off = status.hosts.filter(({ power }) => power === "off");
  const services = (["resolver", "acme"] as const).filter((name) => status.services[name] === "off");
  const wrong = [
    ...status.cuts.map(([a, b]) => `cut        ${a} and ${b}    mend: npm run lab -- heal ${a} ${b}`),
    ...off.map(({ id }) => `off        ${id}    npm run lab -- power-on ${id}`),
    ...services.map((name) => `off        the internet's ${name}    npm run lab`),
  ];
  const on = status.hosts
    .filter(({ power }) => power === "on")
    .map(({ id, address }) => `on         ${id.padEnd(14)} ${address}`);
  return [`lab ${status.lab}: ${on.length} of ${status.hosts.length} hosts on`, ...wrong, ...on, ""].join("\n");
}
