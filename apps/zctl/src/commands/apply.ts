import type { SignedMap } from "@zcloud/events";
import { hostsOf } from "@zcloud/map";
import * as z from "zod";
import { OutOfReachError } from "../agents.ts";
import { type Progressed, waitForAgents } from "../converge.ts";
import { type Exit, ZctlError } from "../exit.ts";
import { lastSigned, mapPath, newest, operatorsPath, readSigned, sameContent } from "../generation.ts";
import { type Installation, vms } from "../installation.ts";
import type { Invocation } from "../invocation.ts";
import { done, everywhere, exitOf, missing, type Part } from "../parallel.ts";
import { count, table } from "../screen.ts";
import { allowedSigners, findSigner, signMap, verifyMap } from "../signing.ts";
import { command } from "../spec.ts";
import { reconcileZclouds, type ZcloudChanges } from "../zclouds.ts";

const Options = z.strictObject({
  key: z.string().optional(),
  wait: z.boolean().default(true),
  patience: z.coerce.number().int().min(1).max(3600).default(60),
});

export const apply = command(Options, {
  name: "apply",
  summary: "sign the map and put it in force everywhere",
  about:
    "Signs map and public keys as the next generation (only if they changed), gives them to every host, brings both\n" +
    "zclouds up to date, and waits until every agent has the generation and has converged. Hosts that are down are named;\n" +
    "they get the map when they are back and somebody applies, or from the bus. See first: zctl plan",
  options: [
    {
      flags: "--key <file>",
      about: "operator's SSH key to sign with (default: secrets/operator, then ssh-agent)",
      words: "files",
    },
    { flags: "--no-wait", about: "do not wait for the agents, e.g. before they are deployed for the first time" },
    { flags: "--patience <seconds>", about: "how long to wait for them (60)" },
  ],
  examples: [
    { line: "zctl apply", about: "after editing zcloud.yaml" },
    { line: "zctl apply --key ~/.ssh/id_ed25519", about: "sign with a key of your own" },
  ],
  run: async (it, _args, options) => {
    const installation = await it.installation();
    const began = it.ports.now();
    const waiting = it.screen.progress("looking at what is in force");
    try {
      const { signed, fresh, found } = await nextMap(it, installation, options.key);
      waiting.say(`giving map ${signed.generation} to the hosts`);
      const written = await give(it, installation, signed, found);
      const announced = await announce(it, installation, signed, written);
      waiting.say("bringing the zclouds up to date");
      const zclouds = await reconcileZclouds(it, installation);
      const reached = done(written).map(({ entry }) => entry);
      waiting.say(`waiting for ${count(reached.length, "agent")}`);
      const agents = options.wait ? await waitForAgents(it, reached, signed.generation, options.patience * 1000) : [];
      waiting.done();
      const outcome = { signed, fresh, written, announced, zclouds, agents, waited: options.wait };
      report(it, installation, outcome, it.ports.now() - began);
      return worst([...written, ...announced, ...zclouds], agents);
    } finally {
      waiting.done();
    }
  },
});

interface Next {
  readonly signed: SignedMap;
  readonly fresh: boolean;
  /** Generation in each reachable host's file. */
  readonly found: readonly Part<SignedMap | undefined>[];
}

/** What is in force if it is what the files say, else the next generation, signed now. */
async function nextMap(it: Invocation, installation: Installation, key: string | undefined): Promise<Next> {
  const keys = installation.keysText;
  if (keys === undefined) {
    throw new ZctlError("NO_KEYS", "zcloud.keys.json is missing", {
      exit: "badMap",
      remedy: "make the keys first: zctl pki",
    });
  }
  const found = await everywhere(vms(installation.map), it.signal, async (entry) =>
    readSigned(await it.host(entry), mapPath),
  );
  const own = await readSigned(it.ports.local, lastSigned(installation));
  const last = newest([own, ...done(found).map(({ value }) => value)]);
  if (
    sameContent(last, installation) &&
    (await verifyMap(it.ports.local, installation.directory, last, installation.map))
  ) {
    return { signed: last, fresh: false, found };
  }
  const signer = await findSigner(it.ports.local, installation, key);
  const generation = (last?.generation ?? 0) + 1;
  const signed = await signMap(it.ports.local, signer, { generation, map: installation.mapText, keys });
  await it.ports.local.write(lastSigned(installation), `${JSON.stringify(signed)}\n`, { mode: 0o600 });
  return { signed, fresh: true, found };
}

/** To every VM's disk, over SSH: this is how a host learns its first map, and the next one with the bus gone. */
function give(
  it: Invocation,
  installation: Installation,
  signed: SignedMap,
  found: Next["found"],
): Promise<readonly Part<boolean>[]> {
  const operators = allowedSigners(installation.map);
  return everywhere(vms(installation.map), it.signal, async (entry) => {
    const before = found.find((part) => part.entry.id === entry.id);
    // Out of reach a moment ago: do not wait for it a second time.
    if (before?.kind === "unreachable") throw new OutOfReachError(before.reason);
    const host = await it.host(entry);
    if ((await host.read(operatorsPath)) !== operators) await host.write(operatorsPath, operators);
    const has = before?.kind === "ok" ? before.value : undefined;
    if (has?.generation === signed.generation && has.signature === signed.signature) return false;
    await host.write(mapPath, `${JSON.stringify(signed)}\n`);
    return true;
  });
}

/** To the bus, for hosts that SSH does not reach from here. An agent that is not deployed yet is no failure. */
async function announce(
  it: Invocation,
  installation: Installation,
  signed: SignedMap,
  written: readonly Part<boolean>[],
): Promise<readonly Part<void>[]> {
  const reached = new Set(done(written).map(({ entry }) => entry.id));
  const znets = hostsOf(installation.map, "znet").filter(({ id }) => reached.has(id));
  return everywhere(znets, it.signal, async (entry) => {
    const agent = await it.agent(entry);
    const answer = await agent.ask("/v1/map", z.unknown(), { method: "POST", body: signed, signal: it.signal });
    if (answer.kind === "refused") throw new Error(`the bus did not take the map: ${answer.reason}`);
  });
}

interface Outcome {
  readonly signed: SignedMap;
  readonly fresh: boolean;
  readonly written: readonly Part<boolean>[];
  readonly announced: readonly Part<void>[];
  readonly zclouds: readonly Part<ZcloudChanges>[];
  readonly agents: readonly Progressed[];
  readonly waited: boolean;
}

function worst(parts: readonly Part<unknown>[], agents: readonly Progressed[]): Exit {
  const byHosts = exitOf(parts);
  const lagging = agents.filter(({ kind }) => kind !== "converged" && kind !== "undeployed");
  if (byHosts === "problem" || lagging.some(({ kind }) => kind !== "unreachable")) return "problem";
  return byHosts === "unreachable" || lagging.length > 0 ? "unreachable" : "ok";
}

function report(it: Invocation, installation: Installation, outcome: Outcome, ms: number): void {
  const { signed, fresh, written, announced, zclouds, agents, waited } = outcome;
  const lost = missing([...written, ...zclouds, ...announced], installation.map.sites);
  const changed = done(zclouds).filter(({ value }) => value.applied.length > 0);
  if (it.screen.jsonMode) {
    it.screen.json({
      v: 1,
      generation: signed.generation,
      signer: signed.signer,
      changed: fresh,
      given: done(written)
        .filter(({ value }) => value)
        .map(({ entry }) => entry.id),
      zclouds: done(zclouds).map(({ entry, value }) => ({ host: entry.id, applied: value.applied })),
      agents: agents.map(({ entry, kind, reason }) => ({ host: entry.id, state: kind, reason })),
      unreachable: unreachableIds([...written, ...zclouds]),
      failed: lost.failed,
    });
    return;
  }
  const { screen } = it;
  const undeployed = agents.filter(({ kind }) => kind === "undeployed").length;
  const behind = agents.filter(({ kind }) => kind !== "converged" && kind !== "undeployed");
  for (const line of [...lost.failed, ...lost.unreachable]) screen.line(screen.paint("red", line));
  for (const { entry, reason } of behind) screen.line(screen.paint("red", `${entry.id} ${reason}`));
  const rows = changed.flatMap(({ entry, value }) =>
    value.applied.map(({ subject, summary, change }, i) => [i === 0 ? entry.id : "", subject, `${change} ${summary}`]),
  );
  screen.lines(table(rows));
  const what = fresh
    ? `Map ${signed.generation}, signed by ${signed.signer},`
    : `Map ${signed.generation} was in force already; it`;
  const holds = `${what} is on ${count(done(written).length, "host")}`;
  const converged = agents.length - behind.length - undeployed;
  const rest = !waited ? "; not waited for the agents" : `; ${converged} of ${agents.length} converged`;
  const next = undeployed === 0 ? "" : ` ${count(undeployed, "host")} without a service yet: npx nx run-many -t deploy`;
  screen.line(`${holds}${rest} (${(ms / 1000).toFixed(1)} s).${next}`);
}

export function unreachableIds(parts: readonly Part<unknown>[]): readonly string[] {
  return [...new Set(parts.filter(({ kind }) => kind === "unreachable").map(({ entry }) => entry.id))];
}
