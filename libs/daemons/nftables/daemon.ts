import { applyFile, commandSaid, type Host, observeFiles } from "@zcloud/host";
import { type Reconciler, TerminalError } from "@zcloud/reconcile";
import * as z from "zod";
import { carriedFingerprint, fingerprint } from "./fingerprint.ts";
import { type NftablesAction, type NftablesDesired, type NftablesObserved, paths, planNftables } from "./plan.ts";
import { table } from "./render.ts";
import { zcloudSysctls } from "./sysctl.ts";

/** What was loaded, and how the kernel listed it then. Not kept over a boot: nothing changed it by hand since. */
const Loaded = z.strictObject({ ruleset: z.string(), listing: z.string() });
const loadedPath = "/run/zcloud/firewall.json";
const lastGoodPath = "/run/zcloud/firewall.last-good.nft";
const undoUnit = "zcloud-firewall-undo";
/** Seconds after which the old ruleset comes back by itself, unless the host could still be reached. */
const undoAfter = 30;

/** Keeps the firewall of a zcloud as the map says, on any Host: zctl runs it over SSH. */
export function nftablesReconciler(host: Host): Reconciler<NftablesDesired, NftablesObserved, NftablesAction> {
  return {
    name: "nftables",
    observe: (signal) => observe(host, signal),
    plan: planNftables,
    apply: (action, signal) => apply(host, action, signal),
  };
}

async function observe(host: Host, signal: AbortSignal): Promise<NftablesObserved> {
  const names = [...zcloudSysctls.keys()];
  const [listing, values, enabled, files, note] = await Promise.all([
    list(host, signal),
    host.run(["sysctl", "--values", ...names], { signal }),
    host.run(["systemctl", "is-enabled", "nftables.service"], { signal }),
    observeFiles(host, Object.values(paths)),
    readLoaded(host),
  ]);
  const lines = values.stdout.split("\n");
  return {
    loaded: carriedFingerprint(listing ?? ""),
    drifted: note !== undefined && listing !== undefined && note.listing !== fingerprint(listing),
    sysctls: new Map(names.map((name, index) => [name, lines[index] ?? ""])),
    files,
    enabled: enabled.stdout.trim() === "enabled",
  };
}

/** Our table without counters' values; undefined if it is not there. */
async function list(host: Host, signal: AbortSignal): Promise<string | undefined> {
  const listed = await host.run(["nft", "--stateless", "list", "table", ...table.split(" ")], { signal });
  return listed.status === 0 ? listed.stdout : undefined;
}

async function readLoaded(host: Host): Promise<z.infer<typeof Loaded> | undefined> {
  const text = await host.read(loadedPath);
  if (text === undefined) return undefined;
  const parsed = Loaded.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

async function apply(host: Host, action: NftablesAction, signal: AbortSignal): Promise<void> {
  switch (action.kind) {
    case "load-ruleset":
      return load(host, action.ruleset, signal);
    case "set-sysctl":
      return must(host, ["sysctl", "--quiet", "--write", `${action.subject}=${action.value}`], signal);
    case "enable-at-boot":
      return must(host, ["systemctl", "enable", "--quiet", "nftables.service"], signal);
    default:
      return applyFile(host, action);
  }
}

/**
 * Checks, loads in one transaction, proves that the host is still within reach. Before that, a timer on the host is set
 * which brings the old ruleset back: whoever locks himself out waits half a minute, and drives nowhere.
 */
async function load(host: Host, ruleset: string, signal: AbortSignal): Promise<void> {
  const checked = await host.run(["nft", "--check", "--file", "-"], { input: ruleset, signal });
  if (checked.status !== 0)
    throw new TerminalError(
      `load the firewall of ${host.name}: nft refuses it, nothing was changed: ${commandSaid(checked)}`,
    );
  const before = await list(host, signal);
  const empty = `table ${table}\ndelete table ${table}\n`;
  await host.write(lastGoodPath, `${empty}${before ?? ""}`, { mode: 0o600 });
  const timer = ["--quiet", "--collect", `--unit=${undoUnit}`, `--on-active=${undoAfter}`];
  await host.run(["systemctl", "stop", `${undoUnit}.timer`], { signal });
  await must(host, ["systemd-run", ...timer, "nft", "--file", lastGoodPath], signal);
  await must(host, ["nft", "--file", "-"], signal, ruleset);
  const listing = await list(host, signal);
  if (listing === undefined) throw new Error(`load the firewall of ${host.name}: it is not there after loading`);
  await must(host, ["systemctl", "stop", `${undoUnit}.timer`], signal);
  const note: z.infer<typeof Loaded> = { ruleset: fingerprint(ruleset), listing: fingerprint(listing) };
  await host.write(loadedPath, JSON.stringify(note), { mode: 0o600 });
}

async function must(host: Host, argv: readonly string[], signal: AbortSignal, input?: string): Promise<void> {
  const result = await host.run(argv, { signal, ...(input === undefined ? {} : { input }) });
  if (result.status !== 0)
    throw new Error(`run ${argv.join(" ")} on ${host.name}: exit ${result.status}: ${commandSaid(result)}`);
}
