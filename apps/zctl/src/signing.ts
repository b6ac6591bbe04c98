import { join } from "node:path";
import { SignedMap } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import { signedText, type ZMap } from "@zcloud/map";
import { ZctlError } from "./exit.ts";
import type { Installation } from "./installation.ts";

export const namespace = "zcloud-map";

/** A key of an operator of the map. `path` is a private key, or a public one whose private half ssh-agent holds. */
export interface Signer {
  readonly name: string;
  readonly path: string;
}

/** ssh-keygen(1), ALLOWED SIGNERS: the trust root of a host, written by `apply` over SSH. */
export function allowedSigners(map: ZMap): string {
  return map.operators.map(({ name, key }) => `${name} namespaces="${namespace}" ${bareKey(key)}\n`).join("");
}

/** Type and base64, without the comment. */
export function bareKey(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

/** The key asked for, or secrets/operator, or whichever key of an operator ssh-agent holds. */
export async function findSigner(local: Host, installation: Installation, asked: string | undefined): Promise<Signer> {
  const own = join(installation.directory, "secrets", "operator");
  if (asked !== undefined || (await local.stat(own)) !== undefined) {
    const path = asked ?? own;
    const shown = await local.run(["ssh-keygen", "-y", "-P", "", "-f", path]);
    // A key with a passphrase has its public half beside it; ssh-keygen then asks the agent for the signature.
    const text = shown.status === 0 ? shown.stdout : await local.read(path.endsWith(".pub") ? path : `${path}.pub`);
    if (text === undefined) {
      throw new ZctlError("NO_SIGNER", `${path} is not a key that can be read: ${shown.stderr.trim()}`);
    }
    const signer = operatorOf(installation.map, text);
    if (signer === undefined) throw notAnOperator(path, installation.map);
    return { name: signer, path: shown.status === 0 ? path : path.endsWith(".pub") ? path : `${path}.pub` };
  }
  const listed = await local.run(["ssh-add", "-L"]);
  for (const line of listed.status === 0 ? listed.stdout.trim().split("\n") : []) {
    const name = operatorOf(installation.map, line);
    if (name === undefined) continue;
    const path = join(installation.directory, "secrets", "signer.pub");
    await local.write(path, `${bareKey(line)}\n`, { mode: 0o600 });
    return { name, path };
  }
  const names = installation.map.operators.map(({ name }) => name).join(", ");
  throw new ZctlError("NO_SIGNER", `no key of an operator of the map (${names}) is at hand`, {
    remedy: "load yours with ssh-add, or name its file with --key",
  });
}

function operatorOf(map: ZMap, key: string): string | undefined {
  return map.operators.find((operator) => bareKey(operator.key) === bareKey(key))?.name;
}

function notAnOperator(path: string, map: ZMap): ZctlError {
  const names = map.operators.map(({ name }) => name).join(", ");
  return new ZctlError("NO_SIGNER", `${path} is not the key of an operator of the map (${names})`, {
    remedy: "add its public half under operators, or sign with another key: --key",
  });
}

/** Signs map and keys as `generation`. Nobody without an operator's private key can make a host take a map. */
export async function signMap(
  local: Host,
  signer: Signer,
  content: { readonly generation: number; readonly map: string; readonly keys: string },
): Promise<SignedMap> {
  const text = signedText(content.generation, content.map, content.keys);
  const made = await local.run(["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", signer.path], { input: text });
  if (made.status !== 0 || !made.stdout.startsWith("-----BEGIN SSH SIGNATURE-----")) {
    throw new ZctlError("NO_SIGNER", `sign the map with ${signer.path}: ${made.stderr.trim().split("\n").at(-1)}`, {
      remedy: "if the key has a passphrase, load it first: ssh-add",
    });
  }
  return SignedMap.parse({ v: 1, ...content, signer: signer.name, signature: made.stdout });
}

/** Whether one of the map's operators signed it: the same check that agents make. */
export async function verifyMap(local: Host, directory: string, signed: SignedMap, map: ZMap): Promise<boolean> {
  const secrets = join(directory, "secrets");
  const [signers, signature] = [join(secrets, ".allowed_signers"), join(secrets, ".map.sig")];
  await local.write(signers, allowedSigners(map), { mode: 0o600 });
  await local.write(signature, signed.signature, { mode: 0o600 });
  try {
    const argv = ["ssh-keygen", "-Y", "verify", "-n", namespace, "-I", signed.signer, "-f", signers, "-s", signature];
    const input = signedText(signed.generation, signed.map, signed.keys);
    return (await local.run(argv, { input })).status === 0;
  } finally {
    await local.remove(signers);
    await local.remove(signature);
  }
}
