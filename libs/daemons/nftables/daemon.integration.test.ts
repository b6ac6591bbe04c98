import { execFileSync } from "node:child_process";
import { LocalHost, type RunOptions, type RunResult } from "@zcloud/host";
import { runPass } from "@zcloud/reconcile";
import { debian, tempDir } from "@zcloud/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nftablesReconciler } from "./daemon.ts";
import { desiredNftables, type NftablesDesired } from "./plan.ts";
import { renderNftables } from "./render.ts";
import { oneSite, twoSites } from "./sample.testing.ts";

const netns = `zc-test-nft-${process.pid}`;
const nft = debian("/usr/sbin/nft");

/** A zcloud whose kernel is a network namespace, whose disk is a directory, and whose systemd only takes notes. */
class NetnsHost extends LocalHost {
  readonly root = tempDir();
  readonly systemd: string[] = [];

  override run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    const [program, ...args] = argv;
    if (program === "systemctl" || program === "systemd-run") return Promise.resolve(this.#noted(program, args));
    const command = program === "nft" ? [...nft, ...args] : argv;
    return super.run(["ip", "netns", "exec", netns, ...command], options);
  }

  override read(path: string): Promise<string | undefined> {
    return super.read(this.root + path);
  }

  override write(path: string, content: string | Uint8Array): Promise<void> {
    return super.write(this.root + path, content);
  }

  override stat(path: string): ReturnType<LocalHost["stat"]> {
    return super.stat(this.root + path);
  }

  #noted(program: string, args: readonly string[]): RunResult {
    const line = [program, ...args].join(" ");
    const enabled = this.systemd.some((said) => said.startsWith("systemctl enable"));
    this.systemd.push(line);
    const stdout = args[0] === "is-enabled" ? (enabled ? "enabled\n" : "disabled\n") : "";
    return { status: 0, stdout, stderr: "" };
  }
}

const converge = (host: NetnsHost, desired: NftablesDesired) => {
  const signal = AbortSignal.timeout(30_000);
  return runPass(nftablesReconciler(host), desired, { read: signal, write: signal });
};
const inNetns = (...argv: readonly string[]) =>
  execFileSync("ip", ["netns", "exec", netns, ...argv], { encoding: "utf8", stdio: "pipe" });

beforeEach(() => void execFileSync("ip", ["netns", "add", netns]));
afterEach(() => void execFileSync("ip", ["netns", "delete", netns]));

describe("nft of Debian 13", () => {
  test.each([
    ["two sites", renderNftables(twoSites, "north")],
    ["the peer", renderNftables(twoSites, "south")],
    ["one site", renderNftables(oneSite, "only")],
  ])("accepts the ruleset of %s", async (_name, text) => {
    const checked = await new NetnsHost().run(["nft", "--check", "--file", "-"], { input: text });
    expect(checked).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("nftablesReconciler", () => {
  const desired = desiredNftables(twoSites, "north/zcloud");

  test("brings a bare machine to the map, and then has nothing to do", async () => {
    const host = new NetnsHost();
    expect((await converge(host, desired)).length).toBeGreaterThan(5);
    expect(await converge(host, desired)).toEqual([]);
    expect(inNetns("sysctl", "-n", "net.ipv4.ip_forward")).toBe("1\n");
    expect(await host.read("/etc/nftables.conf")).toBe(desired.ruleset);
    const timers = host.systemd.filter((line) => line.includes("zcloud-firewall-undo"));
    expect(timers.at(-2)).toMatch(/^systemd-run .*--on-active=30 nft --file/);
    expect(timers.at(-1)).toBe("systemctl stop zcloud-firewall-undo.timer");
  });

  test("undoes what somebody changed by hand, and leaves other tables alone", async () => {
    const host = new NetnsHost();
    await converge(host, desired);
    inNetns(...nft, "insert", "rule", "inet", "zcloud", "forward", "accept");
    inNetns(...nft, "add", "table", "inet", "somebody");
    expect(await converge(host, desired)).toMatchObject([
      { kind: "load-ruleset", summary: "load again: it was changed by hand" },
    ]);
    expect(await converge(host, desired)).toEqual([]);
    expect(inNetns(...nft, "list", "tables")).toContain("table inet somebody");
  });

  test("a ruleset that nft refuses changes nothing", async () => {
    const host = new NetnsHost();
    await converge(host, desired);
    const before = inNetns(...nft, "--stateless", "list", "ruleset");
    const broken = {
      ...desired,
      ruleset: desired.ruleset.replace('comment "', 'comment "0').replace("policy drop", "policy maybe"),
    };
    await expect(converge(host, broken)).rejects.toThrow(/nft refuses it, nothing was changed/);
    expect(inNetns(...nft, "--stateless", "list", "ruleset")).toBe(before);
    expect(await host.read("/etc/nftables.conf")).toBe(desired.ruleset);
  });
});
