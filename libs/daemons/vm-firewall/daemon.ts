import {
  ApplyConfigError,
  applyConfig,
  applyFile,
  type Host,
  mustRun,
  observeConfig,
  observeFiles,
} from "@zcloud/host";
import type { Reconciler } from "@zcloud/reconcile";
import * as z from "zod";
import { carriedFingerprint, fingerprint } from "../nftables/fingerprint.ts";
import type { Door } from "./flows.ts";
import { type Listing, readListing } from "./listing.ts";
import type { FirewallPlaces } from "./places.ts";
import {
  type ChangeRules,
  type FirewallAction,
  type FirewallDesired,
  type FirewallObserved,
  planFirewall,
} from "./plan.ts";
import { reach as reachByTcp } from "./reach.ts";
import { table } from "./render.ts";

/** What was loaded, and how the kernel listed it then. */
const Note = z.strictObject({ rules: z.string(), listing: z.string() });

export interface FirewallOptions {
  readonly host: Host;
  readonly places: FirewallPlaces;
  /** Whether a connection can be opened. */
  readonly reach?: (door: Door, signal?: AbortSignal) => Promise<boolean>;
}

export interface Firewall extends Reconciler<FirewallDesired, FirewallObserved, FirewallAction> {
  /** As of the last look; undefined while there is no table. */
  listing(): Listing | undefined;
}

const tableWords = table.split(" ");

/** Keeps this VM's own firewall. */
export function createFirewall({ host, places, reach = reachByTcp }: FirewallOptions): Firewall {
  let latest: Listing | undefined;

  async function observe(signal: AbortSignal): Promise<FirewallObserved> {
    latest = await list(signal);
    const loaded = carriedFingerprint(latest?.text ?? "");
    return {
      rules: (await observeConfig(host, places.rules))?.content,
      loaded,
      asLoaded: await asLoaded(latest),
      unitFiles: await observeFiles(host, [places.unitFile]),
      enabled: (await host.stat(places.enabled)) !== undefined,
    };
  }

  async function list(signal: AbortSignal): Promise<Listing | undefined> {
    const { status, stdout } = await host.run(["nft", "list", "table", ...tableWords], { signal });
    return status === 0 ? readListing(stdout) : undefined;
  }

  async function asLoaded(listing: Listing | undefined): Promise<boolean | undefined> {
    const text = await host.read(places.note);
    const note = text === undefined ? undefined : Note.safeParse(jsonOf(text)).data;
    if (note === undefined || listing === undefined) return undefined;
    const rules = await host.read(places.rules);
    return rules !== undefined && note.rules === fingerprint(rules) && note.listing === listing.fingerprint;
  }

  async function apply(action: FirewallAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "write-unit":
        await applyFile(host, action.file);
        await mustRun(host, ["systemctl", "daemon-reload"], signal);
        return;
      case "configure":
      case "load":
        return change(action, signal);
      case "enable":
        // Starting it loads the same rules once more, so that systemctl status says what is so.
        await mustRun(host, ["systemctl", "enable", "--now", "--quiet", `${places.unit}.service`], signal);
    }
  }

  /** Checked by nft, loaded in one transaction, proved; the last good rules come back if that fails. */
  async function change({ rules, operators, bus }: ChangeRules, signal: AbortSignal): Promise<void> {
    const before = await host.read(places.rules);
    const answered = bus !== undefined && (await reach(bus, signal));
    try {
      await applyConfig(
        host,
        {
          path: places.rules,
          text: rules,
          check: (path) => ["nft", "--check", "--file", path],
          reload: async (stop) => {
            await mustRun(host, ["nft", "--file", places.rules], stop);
            await takeNote(stop);
          },
          probe: async (stop) => {
            if (latest?.text.includes(operators) !== true) throw refusal("operators could not come in by SSH");
            if (answered && !(await reach(bus, stop))) throw refusal(`${bus.address}:${bus.port} was cut off`);
          },
        },
        signal,
      );
    } catch (error) {
      if (before === undefined) await open();
      throw error;
    }
  }

  async function takeNote(signal: AbortSignal): Promise<void> {
    latest = await list(signal);
    if (latest === undefined) throw refusal("it is not there after loading");
    const rules = fingerprint((await host.read(places.rules)) ?? "");
    const note: z.infer<typeof Note> = { rules, listing: latest.fingerprint };
    await host.write(places.note, JSON.stringify(note), { mode: 0o600 });
  }

  /** There were no rules before: these must not stay. */
  async function open(): Promise<void> {
    await host.run(["nft", "delete", "table", ...tableWords]);
    await host.remove(places.rules);
  }

  return { name: "firewall", observe, plan: planFirewall, apply, listing: () => latest };
}

function refusal(what: string): ApplyConfigError {
  return new ApplyConfigError("DEGRADED", `load the firewall: with it, ${what}`, what);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
