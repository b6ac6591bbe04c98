import { randomBytes, X509Certificate } from "node:crypto";
import { join } from "node:path";
import type { Host } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import { ZctlError } from "../exit.ts";

/** The installation's own authority: its key lives on the operator's machine only (secrets/ca.key, 0600). */
export interface Authority {
  readonly certificate: string;
  sign(entry: HostEntry, csr: string): Promise<string>;
}

const caDays = 3650;
/** Two years and a quarter; `zctl pki` renews by itself in the last third. */
const hostDays = 825;

/** Loads the authority from an installation directory, or makes it. */
export async function authority(
  local: Host,
  directory: string,
  domain: string,
): Promise<Authority & { made: boolean }> {
  const keyPath = join(directory, "secrets", "ca.key");
  const certPath = join(directory, "secrets", "ca.crt");
  const made = await ensure(local, keyPath, certPath, domain);
  const certificate = await local.read(certPath);
  if (certificate === undefined) throw new ZctlError("TOOL", `make the authority: ${certPath} is not there`);
  return { certificate, made, sign: (entry, csr) => sign(local, directory, entry, csr) };
}

async function ensure(local: Host, keyPath: string, certPath: string, domain: string): Promise<boolean> {
  const [key, cert] = [await local.stat(keyPath), await local.stat(certPath)];
  if (key !== undefined && cert !== undefined) return false;
  if (key === undefined && cert !== undefined) {
    throw new ZctlError("BAD_FILE", `${certPath} is there, but its key ${keyPath} is not`, {
      exit: "badMap",
      remedy: "put the key back from your backup; without it no host can be added or renewed",
    });
  }
  if (key === undefined) {
    const pem = await openssl(local, ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    await local.write(keyPath, pem, { mode: 0o600 });
  }
  const request = ["req", "-x509", "-new", "-sha256", "-key", keyPath, "-days", String(caDays)];
  request.push("-subj", `/O=${domain}/CN=zCloud authority of ${domain}`, "-set_serial", serial());
  request.push(
    "-addext",
    "basicConstraints=critical,CA:TRUE,pathlen:0",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
  );
  await local.write(certPath, await openssl(local, request));
  return true;
}

/** Names come from the map, never from the request: a host cannot ask for another's. */
export function extensions(entry: HostEntry): string {
  return [
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth,clientAuth",
    `subjectAltName=DNS:${entry.fqdn},DNS:${entry.name}.${entry.site},IP:${entry.address}`,
    "subjectKeyIdentifier=hash",
    "authorityKeyIdentifier=keyid",
    "",
  ].join("\n");
}

async function sign(local: Host, directory: string, entry: HostEntry, csr: string): Promise<string> {
  const said = await openssl(local, ["req", "-verify", "-noout", "-subject", "-nameopt", "RFC2253"], csr);
  // OpenSSL 3.5 says "verify OK" on standard output, before it; 3.0 on standard error.
  const subject = said.split("\n").find((line) => line.startsWith("subject="));
  if (subject !== `subject=CN=${entry.fqdn}`) {
    throw new ZctlError("ENROLL", `${entry.id} asked for a certificate of ${subject ?? said}, not of ${entry.fqdn}`);
  }
  const extPath = join(directory, "secrets", `.${entry.site}-${entry.name}.ext`);
  await local.write(extPath, extensions(entry), { mode: 0o600 });
  try {
    const secrets = join(directory, "secrets");
    const argv = ["x509", "-req", "-sha256", "-days", String(hostDays), "-set_serial", serial(), "-extfile", extPath];
    argv.push("-CA", join(secrets, "ca.crt"), "-CAkey", join(secrets, "ca.key"));
    return await openssl(local, argv, csr);
  } finally {
    await local.remove(extPath);
  }
}

/** Why a host needs a new certificate, or undefined if the one it has is good. */
export function certificateNeed(
  entry: HostEntry,
  have: { certificate: string | null; publicKey: string },
  ca: string,
  now: Date,
): string | undefined {
  if (have.certificate === null) return "new";
  let cert: X509Certificate;
  try {
    cert = new X509Certificate(have.certificate);
  } catch {
    return "unreadable";
  }
  if (cert.publicKey.export({ type: "spki", format: "pem" }) !== have.publicKey) return "its key changed";
  if (!cert.verify(new X509Certificate(ca).publicKey)) return "signed by another authority";
  const names = [`DNS:${entry.fqdn}`, `DNS:${entry.name}.${entry.site}`, `IP Address:${entry.address}`];
  if (cert.subjectAltName !== names.join(", ")) return "its names or address changed";
  const [from, until] = [Date.parse(cert.validFrom), Date.parse(cert.validTo)];
  if (until - now.getTime() < (until - from) / 3) return "less than a third of its life is left";
  return undefined;
}

/** RFC 5280, 4.1.2.2: positive, at most 20 octets, unpredictable. */
function serial(): string {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return `0x${octets.toString("hex")}`;
}

async function openssl(local: Host, argv: readonly string[], input?: string): Promise<string> {
  const done = await local.run(["openssl", ...argv], input === undefined ? {} : { input });
  if (done.status === 0) return done.stdout;
  throw new ZctlError(
    "TOOL",
    `openssl ${argv[0]}: ${done.stderr.trim().split("\n").at(-1) ?? `ended with ${done.status}`}`,
    {
      remedy: "install openssl 3 (Debian: apt install openssl) if it is missing",
    },
  );
}
