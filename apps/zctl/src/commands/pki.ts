import { join } from "node:path";
import type { Host } from "@zcloud/host";
import { type HostEntry, hostsOf, witnessOf } from "@zcloud/map";
import * as z from "zod";
import { ZctlError } from "../exit.ts";
import { type Installation, vms } from "../installation.ts";
import type { Invocation } from "../invocation.ts";
import { done, everywhere, exitOf, missing } from "../parallel.ts";
import { shareAccount } from "../pki/account.ts";
import { type Authority, authority, certificateNeed } from "../pki/ca.ts";
import { shareCeph } from "../pki/ceph.ts";
import { Enrolled, places } from "../pki/enrolled.ts";
import { keysText, mergeKeys } from "../pki/keys-file.ts";
import { identify } from "../pki/ssh-identity.ts";
import { count, table } from "../screen.ts";
import { command } from "../spec.ts";

export const pki = command(z.strictObject({ renew: z.boolean().default(false) }), {
  name: "pki",
  summary: "give every host its keys and certificate",
  about:
    "Makes the installation's authorities (secrets/ca.key, and secrets/ssh-ca for SSH; on this machine only), has every\n" +
    "host make its own keys, signs their certificates and their SSH host keys, and writes their public keys to\n" +
    "zcloud.keys.json. Private keys never leave the host that made them, but for the ACME account's, which both fronts\n" +
    "share, and Ceph's, which are made here (secrets/ceph.json) for zstores. Keeps what is good; run it as often as you like. A host that SSH does not know yet: zctl trust.",
  options: [{ flags: "--renew", about: "sign every certificate anew, also those that are still good" }],
  examples: [
    {
      line: "zctl pki",
      about: "after adding hosts to the map, and now and then: certificates in their last third are renewed",
    },
    { line: "zctl pki --renew", about: "new certificates for all hosts, e.g. after replacing the authority" },
  ],
  run: async (it, _args, { renew }) => {
    const installation = await it.installation();
    const { local } = it.ports;
    await secrets(local, installation.directory);
    const ca = await authority(local, installation.directory, installation.map.domain);
    // First: who has no certificate yet for SSH needs one for everything else to be asked without a pinned key.
    const ssh = await identify(it, installation, renew);
    const script = await it.ports.enrollScript();
    const waiting = it.screen.progress(`making keys on ${count(vms(installation.map).length, "host")}`);
    const fronts = vms(installation.map).filter(({ role }) => role === "zfront");
    const holder = await accountHolder(it, fronts, (installation.keys?.acmeThumbprint ?? null) !== null);
    const parts = await everywhere(vms(installation.map), it.signal, async (entry) => {
      const host = await it.host(entry);
      const enrolled = await enroll(host, entry, script, entry.id === holder, it.signal);
      return { enrolled, signed: await certify(host, entry, enrolled, ca, renew, it.ports.now()) };
    }).finally(() => waiting.done());

    const answered = new Map(done(parts).map(({ entry, value }) => [entry.id, value.enrolled]));
    const shared = await share(it, fronts, holder, answered);
    const signedFor = new Set(done(ssh.parts).map(({ entry }) => entry.id));
    const stored = await store(it, installation, (id) => answered.has(id) || signedFor.has(id));
    const keys = mergeKeys(
      installation.keys,
      ca.certificate,
      answered,
      vms(installation.map).map(({ id }) => id),
    );
    const text = keysText(keys);
    const changed = text !== installation.keysText;
    if (changed) await local.write(join(installation.directory, "zcloud.keys.json"), text);

    const hosts = parts.map((part) => ({
      host: part.entry.id,
      ...(part.kind === "ok"
        ? { state: "ok" as const, made: part.value.enrolled.made, certificate: part.value.signed ?? "kept" }
        : { state: part.kind, reason: part.reason }),
    }));
    // A host's second failure for the same reason is no news.
    const answeredBy = new Set(done(parts).map(({ entry }) => entry.id));
    const others = ssh.parts.filter(
      ({ entry }) => entry.role === "zcloud" || entry.role === "witness" || answeredBy.has(entry.id),
    );
    const lost = missing([...parts, ...others], installation.map.sites);
    if (it.screen.jsonMode) {
      it.screen.json({
        v: 1,
        authority: ca.made ? "made" : "kept",
        hosts,
        ssh: ssh.parts.map((part) => ({
          host: part.entry.id,
          ...(part.kind === "ok"
            ? { state: "ok" as const, certificate: part.value ?? "kept" }
            : { state: part.kind, reason: part.reason }),
        })),
        accountGivenTo: shared,
        cephGivenTo: stored,
        keysChanged: changed,
      });
      return exitOf([...parts, ...ssh.parts]);
    }
    if (ca.made) it.screen.line("authority  made; its key is secrets/ca.key: keep a copy of it in a safe place");
    if (ssh.made)
      it.screen.line("authority  of the hosts' SSH keys made; its key is secrets/ssh-ca: keep a copy of it, too");
    it.screen.lines(
      table(
        done(parts)
          .filter(worthSaying)
          .map(({ entry, value }) => [entry.id, ...say(value)]),
      ),
    );
    it.screen.lines(
      table(
        done(ssh.parts).flatMap(({ entry, value }) =>
          value === undefined ? [] : [[entry.id, `SSH host key signed (${value})`]],
        ),
      ),
    );
    for (const id of shared) it.screen.line(`${id}  ACME account key from ${holder}`);
    for (const id of stored) it.screen.line(`${id}  keys of Ceph's cluster; yours are secrets/ceph.json: keep a copy`);
    for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(it.screen.paint("red", line));
    it.screen.line(
      changed
        ? `${count(answered.size, "host")} ready, zcloud.keys.json changed. Put it in force with: zctl apply`
        : `${count(answered.size, "host")} ready, nothing changed in zcloud.keys.json.`,
    );
    return exitOf([...parts, ...ssh.parts]);
  },
});

interface Result {
  readonly enrolled: Enrolled;
  /** Why a certificate was signed, undefined if the old one is kept. */
  readonly signed: string | undefined;
}

function worthSaying({ value }: { readonly value: Result }): boolean {
  return value.enrolled.made.length > 0 || value.signed !== undefined;
}

function say({ enrolled, signed }: Result): readonly string[] {
  const made = enrolled.made.length > 0 ? `made ${enrolled.made.join(", ")}` : "";
  return [made, signed === undefined ? "" : `certificate signed (${signed})`];
}

async function secrets(local: Host, directory: string): Promise<void> {
  const made = await local.run(["mkdir", "-p", "-m", "0700", join(directory, "secrets")]);
  if (made.status !== 0) throw new ZctlError("TOOL", `make secrets/: ${made.stderr.trim()}`);
  const mode = (await local.stat(join(directory, "secrets")))?.mode ?? 0;
  if ((mode & 0o077) !== 0) {
    throw new ZctlError("BAD_FILE", "secrets/ can be read by others on this machine", {
      exit: "badMap",
      remedy: `chmod 700 ${join(directory, "secrets")}`,
    });
  }
}

/**
 * The front whose ACME account key the others get: one that has a key. Only where none was ever made, or all fronts say
 * that they have none, the first that answers makes one: two accounts could not answer for each other.
 */
async function accountHolder(
  it: Invocation,
  fronts: readonly HostEntry[],
  known: boolean,
): Promise<string | undefined> {
  const parts = await everywhere(fronts, it.signal, async (entry) => {
    return (await (await it.host(entry)).stat(places.acmeAccount)) !== undefined;
  });
  const answering = done(parts);
  const mayMake = !known || answering.length === fronts.length;
  return (answering.find(({ value }) => value) ?? (mayMake ? answering[0] : undefined))?.entry.id;
}

async function share(
  it: Invocation,
  fronts: readonly HostEntry[],
  holder: string | undefined,
  answered: Map<string, Enrolled>,
): Promise<readonly string[]> {
  const ready = fronts.filter(({ id }) => answered.has(id));
  const first = ready.find(({ id }) => id === holder);
  if (first === undefined) return [];
  const others = ready.filter(({ id }) => id !== holder);
  const with_ = async (entry: HostEntry) => ({
    entry,
    host: await it.host(entry),
    thumbprint: answered.get(entry.id)?.acmeThumbprint ?? null,
  });
  return shareAccount(await with_(first), await Promise.all(others.map(with_)));
}

/** Gives zstores what makes them one cluster, where the map asks for Ceph; the witness only what its monitor needs. */
async function store(
  it: Invocation,
  { map, directory }: Installation,
  ready: (id: string) => boolean,
): Promise<readonly string[]> {
  const stores = hostsOf(map, "zstore");
  const witness = witnessOf(map);
  const [first] = stores;
  if (map.storage.kind !== "ceph" || first === undefined) return [];
  const entries = [...stores, ...(witness === undefined ? [] : [witness])].filter(({ id }) => ready(id));
  const to = await Promise.all(entries.map(async (entry) => ({ entry, host: await it.host(entry) })));
  return shareCeph(it.ports.local, directory, first.id, to, it.ports.now());
}

async function enroll(
  host: Host,
  entry: HostEntry,
  script: string,
  acme: boolean,
  signal: AbortSignal,
): Promise<Enrolled> {
  const argv = ["node", "--input-type=module", "-", entry.id, entry.fqdn, ...(acme ? ["acme"] : [])];
  const ran = await host.run(argv, { input: script, signal });
  if (ran.status !== 0)
    throw new ZctlError("ENROLL", ran.stderr.trim().split("\n").at(-1) ?? `node ended with ${ran.status}`);
  const parsed = Enrolled.safeParse(JSON.parse(ran.stdout));
  if (!parsed.success) throw new ZctlError("ENROLL", `an unexpected answer: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Puts authority and certificate on the host where they differ. Returns why a certificate was signed. */
async function certify(
  host: Host,
  entry: HostEntry,
  enrolled: Enrolled,
  ca: Authority,
  renew: boolean,
  now: number,
): Promise<string | undefined> {
  if (enrolled.ca !== null && enrolled.ca !== ca.certificate && !renew) {
    throw new ZctlError("ENROLL", "it has the authority of another installation; to take it over: zctl pki --renew");
  }
  const need = renew ? "renewed" : certificateNeed(entry, enrolled, ca.certificate, new Date(now));
  if (enrolled.ca !== ca.certificate) await host.write(places.ca, ca.certificate);
  if (need === undefined) return undefined;
  await host.write(places.hostCertificate, await ca.sign(entry, enrolled.csr));
  return need;
}
