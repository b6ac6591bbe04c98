import type { HostEntry, ZMap } from "@zcloud/map";
import { siteOf } from "@zcloud/map";

/** A host certificate of OpenSSH (PROTOCOL.certkeys, ssh-ed25519-cert-v01@openssh.com). */
export interface HostCertificate {
  readonly keyId: string;
  readonly principals: readonly string[];
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** Base64 of the certified key and of its authority's, as in their .pub files. */
  readonly key: string;
  readonly authority: string;
}

const certificateType = "ssh-ed25519-cert-v01@openssh.com";
const keyType = "ssh-ed25519";
/** SSH_CERT_TYPE_HOST */
const hostCertificate = 2;

/** All names by which a host is asked for: as people write it, in DNS, and its addresses. */
export function hostPrincipals(map: ZMap, { id, name, site, fqdn, address, role }: HostEntry): readonly string[] {
  const world = role === "zcloud" ? [siteOf(map, site).public.ipv4] : [];
  const short = site === "" ? [] : [`${name}.${site}`];
  return [id, ...short, fqdn, address, ...world];
}

/** Of the line in `ssh_host_ed25519_key-cert.pub`; undefined if it is none. */
export function parseHostCertificate(line: string): HostCertificate | undefined {
  const [type, base64 = ""] = line.trim().split(/\s+/);
  if (type !== certificateType) return undefined;
  try {
    const read = reader(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
    if (text(read.bytes()) !== certificateType) return undefined;
    read.bytes();
    const key = read.bytes();
    read.long();
    if (read.int() !== hostCertificate) return undefined;
    const keyId = text(read.bytes());
    const names = reader(read.bytes());
    const principals: string[] = [];
    while (!names.ended()) principals.push(text(names.bytes()));
    const [from, until] = [read.long() * 1_000, read.long() * 1_000];
    read.bytes();
    read.bytes();
    read.bytes();
    const authority = read.bytes();
    return { keyId, principals, from, until, key: keyOf(key), authority: btoa(String.fromCharCode(...authority)) };
  } catch {
    return undefined;
  }
}

export interface Wanted {
  readonly principals: readonly string[];
  /** Lines of .pub files. */
  readonly key: string;
  readonly authority: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Why a host needs a new certificate; undefined if the one it has is good. */
export function sshCertificateNeed(line: string | undefined, wanted: Wanted): string | undefined {
  if (line === undefined) return "new";
  const have = parseHostCertificate(line);
  if (have === undefined) return "unreadable";
  if (have.key !== base64Of(wanted.key)) return "its key changed";
  if (have.authority !== base64Of(wanted.authority)) return "signed by another authority";
  if (have.principals.join() !== wanted.principals.join()) return "its names or address changed";
  if (have.until - wanted.now < (have.until - have.from) / 3) return "less than a third of its life is left";
  return undefined;
}

function base64Of(line: string): string {
  return line.trim().split(/\s+/)[1] ?? "";
}

/** A bare Ed25519 key as its .pub file has it: type and key, each with its length (RFC 8709, 4). */
function keyOf(raw: Uint8Array): string {
  const blob = [...sized(new TextEncoder().encode(keyType)), ...sized(raw)];
  return btoa(String.fromCharCode(...blob));
}

function sized(bytes: Uint8Array): readonly number[] {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return [...length, ...bytes];
}

/** Reads what RFC 4251, 5 writes; throws RangeError at the end. */
function reader(blob: Uint8Array) {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  let at = 0;
  const int = () => {
    at += 4;
    return view.getUint32(at - 4);
  };
  return {
    int,
    long: () => int() * 2 ** 32 + int(),
    bytes(): Uint8Array {
      const length = int();
      if (at + length > blob.length) throw new RangeError("the certificate is cut short");
      at += length;
      return blob.subarray(at - length, at);
    },
    ended: () => at >= blob.length,
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
