/** OpenSSH public keys as they stand in `id_ed25519.pub` (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4; PROTOCOL.u2f). */

const pointBytes: Readonly<Record<string, number>> = { nistp256: 65, nistp384: 97, nistp521: 133 };
const smallestRsa = 2048;

/** Why `line` is no public key that may sign maps, with the remedy; undefined if it is one. */
export function operatorKeyComplaint(line: string): string | undefined {
  if (/PRIVATE KEY/.test(line)) {
    return "this is a private key; put the line of the .pub file here, and make a new pair: this one is no longer secret";
  }
  if (/^[~./]\S*$/.test(line)) return `${line} is a file name; put the line of that .pub file here`;
  const [type = "", base64 = ""] = line.trim().split(/\s+/);
  if (type === "ssh-dss") return "ssh-dss is too weak; make a key with ssh-keygen -t ed25519";
  if (type.includes("-cert-")) return "this is a certificate; put the line of the .pub file here";
  if (!keyTypes.has(type)) {
    const at = line.search(/\b(ssh|sk-ssh|ecdsa|sk-ecdsa)-[a-z0-9@.-]+ AAAA/);
    if (at > 0) return "the key has options before it; begin with the key's type, e.g. ssh-ed25519 AAAA...";
    return "this is not an OpenSSH public key; write its type and base64, e.g. ssh-ed25519 AAAA...";
  }
  if (base64.endsWith("...")) return "this is only an example; put your own key here: the line of your .pub file";
  const blob = decode(base64);
  if (blob === undefined) return "the key's base64 is broken; copy the line of the .pub file again";
  return blobComplaint(type, blob);
}

/** Type and base64 of a good key line; the comment stays behind. */
export function canonicalKey(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

const keyTypes = new Set([
  "ssh-ed25519",
  "sk-ssh-ed25519@openssh.com",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ecdsa-sha2-nistp256@openssh.com",
  "ssh-rsa",
]);

function blobComplaint(type: string, blob: Uint8Array): string | undefined {
  const fields = readFields(blob);
  const [inner, first, second] = fields?.map(({ length }) => length) ?? [];
  if (fields === undefined || inner === undefined) return "the key is cut short; copy the line of the .pub file again";
  const name = text(fields[0]);
  if (name !== type) return `the key says ${type} but holds ${printable(name)}; copy the line of the .pub file again`;
  const broken = `the key is not a whole ${type} key; copy the line of the .pub file again`;
  const count = { "ssh-ed25519": 2, "ssh-rsa": 3 }[type] ?? (type === "sk-ecdsa-sha2-nistp256@openssh.com" ? 4 : 3);
  if (fields.length !== count) return broken;
  if (type.includes("ed25519")) return first === 32 ? undefined : broken;
  if (type === "ssh-rsa") return rsaComplaint(fields[2]);
  const curve = text(fields[1]);
  return type.includes(curve) && curve !== "" && second === pointBytes[curve] && fields[2]?.[0] === 4
    ? undefined
    : broken;
}

function rsaComplaint(modulus: Uint8Array = new Uint8Array()): string | undefined {
  const start = modulus.findIndex((byte) => byte !== 0);
  const bits = start < 0 ? 0 : (modulus.length - start) * 8 - (Math.clz32(modulus[start] ?? 0) - 24);
  if (bits >= smallestRsa) return undefined;
  return `an RSA key of ${bits} bits is too short; make a key with ssh-keygen -t ed25519`;
}

/** The length-prefixed strings that make up a key (RFC 4251, 5); undefined if they don't fill `blob` exactly. */
function readFields(blob: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const fields: Uint8Array[] = [];
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + view.getUint32(at);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function decode(base64: string): Uint8Array | undefined {
  if (base64 === "" || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

function printable(name: string): string {
  return /^[\w@.-]{1,64}$/.test(name) ? name : "something else";
}
