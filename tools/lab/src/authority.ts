import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import type { ZMap } from "@zcloud/map";
import { internet } from "./addresses.ts";
import { run } from "./exec.ts";
import { acmeAuthority } from "./resolver.ts";

/** Pebble's port for what only a test may ask: its issuance root. */
export const managementPort = 15_000;

/** Seconds: 90 days, as the best known authority has it. */
const validity = 90 * 86_400;

/** Pebble's configuration: an ACME authority (RFC 8555) that validates as the real ones do, at port 80 of the names. */
export function renderPebble(map: ZMap, directory: string): string {
  const pebble = {
    listenAddress: `${internet.acme}:${acmeAuthority(map).port}`,
    managementListenAddress: `${internet.acme}:${managementPort}`,
    certificate: `${directory}/acme.crt`,
    privateKey: `${directory}/acme.key`,
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
    // Debian 13's Pebble 2.6 knows this; later ones know profiles.
    certificateValidityPeriod: validity,
    profiles: { default: { description: "90 days, as the real one", validityPeriod: validity } },
  };
  return `${JSON.stringify({ pebble }, undefined, 2)}\n`;
}

/** Never wait before a validation; and make every order prove its names anew, or renewal would be tested half the time only. */
export const pebbleEnvironment = { PEBBLE_VA_NOSLEEP: "1", PEBBLE_AUTHZREUSE: "0" } as const;

/** The authority that signs the ACME server's own TLS certificate, one per lab; made once. */
export async function makeAcmeTls(directory: string, host: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const at = (name: string) => `${directory}/${name}`;
  if (existsSync(at("acme.crt"))) return;
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await run([
    ...["openssl", "req", "-x509", ...key, "-days", "3650", "-subj", "/CN=zCloud lab internet root"],
    ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    ...["-keyout", at("root.key"), "-out", at("root.crt")],
  ]);
  await run([
    "openssl",
    "req",
    "-new",
    ...key,
    "-subj",
    `/CN=${host}`,
    "-keyout",
    at("acme.key"),
    "-out",
    at("acme.csr"),
  ]);
  await writeFile(at("acme.ext"), `subjectAltName=DNS:${host},IP:${internet.acme}\nextendedKeyUsage=serverAuth\n`);
  await run([
    ...["openssl", "x509", "-req", "-in", at("acme.csr"), "-CA", at("root.crt"), "-CAkey", at("root.key")],
    ...["-CAcreateserial", "-days", "825", "-extfile", at("acme.ext"), "-out", at("acme.crt")],
  ]);
}
