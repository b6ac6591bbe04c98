import { execFileSync } from "node:child_process";
import { atExit } from "@zcloud/testing";

const prefix = `zc-dns-${process.pid}`;
const ip = (...words: readonly string[]): void => void execFileSync("ip", words, { stdio: "pipe" });

/** Hosts with an address each, every one linked to a router of their own, as VMs are to their zcloud. */
export interface Network {
  inside(host: string, ...argv: readonly string[]): [string, ...string[]];
  /** From now on the router drops what goes to this host, without a word. */
  silence(host: string): void;
  heal(host: string): void;
  remove(): void;
}

export function makeNetwork(hosts: Readonly<Record<string, string>>): Network {
  const netns = (name: string) => `${prefix}-${name}`;
  const names = [...Object.keys(hosts), "router"];
  for (const name of names) {
    ip("netns", "add", netns(name));
    ip("-n", netns(name), "link", "set", "lo", "up");
  }
  const inside = (host: string, ...argv: readonly string[]): [string, ...string[]] => {
    return ["ip", "netns", "exec", netns(host), ...argv];
  };
  const [program, ...args] = inside("router", "sysctl", "-qw", "net.ipv4.ip_forward=1");
  execFileSync(program, args);
  const router = "169.254.0.1";
  for (const [name, address] of Object.entries(hosts)) {
    ip("-n", netns("router"), "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", netns(name));
    ip("-n", netns("router"), "address", "add", `${router}/32`, "dev", name);
    ip("-n", netns("router"), "link", "set", name, "up");
    ip("-n", netns(name), "address", "add", `${address}/32`, "dev", "eth0");
    ip("-n", netns(name), "link", "set", "eth0", "up");
    ip("-n", netns(name), "route", "add", router, "dev", "eth0", "scope", "link");
    ip("-n", netns(name), "route", "add", "default", "via", router, "src", address);
    ip("-n", netns("router"), "route", "add", `${address}/32`, "dev", name);
  }
  const remove = (): void => {
    for (const name of names) ip("netns", "delete", netns(name));
  };
  const forget = atExit(remove);
  const of = (host: string): string => `${hosts[host]}/32`;
  return {
    inside,
    silence: (host) => ip("-n", netns("router"), "route", "replace", "blackhole", of(host)),
    heal(host) {
      ip("-n", netns("router"), "route", "delete", "blackhole", of(host));
      ip("-n", netns("router"), "route", "replace", of(host), "dev", host);
    },
    remove: () => {
      forget();
      remove();
    },
  };
}
