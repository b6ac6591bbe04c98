import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { run, succeeds } from "./exec.ts";
import type { LinkEnd, NetworkPlan, Route } from "./network.ts";

/** Path that nsenter and nspawn take. */
export function netnsPath(name: string): string {
  return `/run/netns/${name}`;
}

/** Command prefix that runs a program in a namespace's network, with this machine's files. */
export function inNetns(name: string, ...argv: readonly string[]): readonly string[] {
  return ["nsenter", `--net=${netnsPath(name)}`, "--", ...argv];
}

export function netnsExists(name: string): boolean {
  return existsSync(netnsPath(name));
}

/** Namespaces of this machine whose name starts so. */
export async function listNetns(prefix: string): Promise<readonly string[]> {
  if (!existsSync("/run/netns")) return [];
  return (await readdir("/run/netns")).filter((name) => name.startsWith(prefix));
}

/** Makes all of a plan, whose namespaces and links must not exist yet. */
export async function createNetwork(plan: NetworkPlan): Promise<void> {
  for (const { name } of plan.netns) await run(["ip", "netns", "add", name]);
  await batch(undefined, plan.links.map(linkCommand));
  const touched = new Set([
    ...plan.netns.map(({ name }) => name),
    ...plan.links.flatMap(({ ends }) => ends.map((end) => end.netns)),
  ]);
  await Promise.all([...touched].map((netns) => batch(netns, setUpCommands(plan, netns))));
  for (const { name } of plan.netns.filter(({ router }) => router))
    await run(inNetns(name, "sysctl", "--quiet", "--write", "net.ipv4.ip_forward=1"));
}

/**
 * Takes namespaces and the links that end in them away; no error if they are gone. Links go first: the kernel
 * destroys a namespace's interfaces only some time after its name, and their other ends' names must be free at once.
 */
export async function removeNetwork(part: NetworkPlan): Promise<void> {
  for (const { ends } of part.links)
    for (const end of ends)
      if (netnsExists(end.netns)) await succeeds(["ip", "-n", end.netns, "link", "delete", end.name]);
  for (const { name } of part.netns) if (netnsExists(name)) await run(["ip", "netns", "delete", name]);
}

function linkCommand({ ends: [a, b] }: NetworkPlan["links"][number]): string {
  return `link add ${a.name} netns ${a.netns} type veth peer name ${b.name} netns ${b.netns}`;
}

function setUpCommands(plan: NetworkPlan, netns: string): string[] {
  const ends = plan.links.flatMap((link) => link.ends.filter((end) => end.netns === netns));
  const own = plan.netns.find(({ name }) => name === netns);
  return [
    ...(own === undefined
      ? []
      : ["link set lo up", ...own.addresses.map((address) => `address add ${address}/32 dev lo`)]),
    ...ends.flatMap(endCommands),
    ...plan.routes.filter((route) => route.netns === netns).map(routeCommand),
  ];
}

function endCommands({ name, addresses }: LinkEnd): string[] {
  return [`link set ${name} up`, ...addresses.map((address) => `address add ${address}/32 dev ${name}`)];
}

function routeCommand({ to, via, device, source }: Route): string {
  const gateway = via === undefined ? [] : ["via", via, "onlink"];
  const from = source === undefined ? [] : ["src", source];
  return ["route add", to, ...gateway, "dev", device, ...from].join(" ");
}

async function batch(netns: string | undefined, commands: readonly string[]): Promise<void> {
  if (commands.length === 0) return;
  const where = netns === undefined ? [] : ["-n", netns];
  await run(["ip", ...where, "-batch", "-"], { input: `${commands.join("\n")}\n` });
}
