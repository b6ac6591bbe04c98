import { SignedMap } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import { signedText } from "@zcloud/map";

/** The SSHSIG namespace of maps: a signature made for anything else doesn't count. */
export const mapNamespace = "zcloud-map";

export type Verdict =
  | { readonly ok: true; readonly signed: SignedMap }
  | { readonly ok: false; readonly reason: string };

/** A SignedMap from its JSON text; says why it isn't one. */
export function parseSignedMap(text: string): Verdict {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, reason: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = SignedMap.safeParse(value);
  if (parsed.success) return { ok: true, signed: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "map"}: ${issue.message}`);
  return { ok: false, reason: `it is not a signed map: ${issues.join("; ")}` };
}

export interface TrustRoot {
  readonly host: Host;
  /** The operators' keys, in ssh's allowed_signers format. */
  readonly operators: string;
  /** A directory of ours for the signature: ssh-keygen reads it from a file only. */
  readonly scratch: string;
}

/** Whether an operator of this host's trust root signed it (ssh-keygen(1), -Y verify). */
export async function verifySignedMap(trust: TrustRoot, signed: SignedMap): Promise<Verdict> {
  const path = `${trust.scratch}/candidate.sig`;
  await trust.host.write(path, signed.signature, { mode: 0o600 });
  const argv = [
    "ssh-keygen",
    "-Y",
    "verify",
    "-f",
    trust.operators,
    "-n",
    mapNamespace,
    "-I",
    signed.signer,
    "-s",
    path,
  ];
  const result = await trust.host.run(argv, {
    input: signedText(signed.generation, signed.map, signed.keys),
    timeout: 10_000,
  });
  await trust.host.remove(path);
  if (result.status === 0) return { ok: true, signed };
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").at(-1) ?? "";
  return { ok: false, reason: `no operator of ${trust.operators} named ${signed.signer} signed it (${said})` };
}
