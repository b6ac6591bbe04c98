import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { createTestCa } from "./certificates.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { freePorts } from "./ports.ts";
import { debian } from "./rootfs.ts";

export interface PebbleOptions {
  /** For its files; made if it is missing. */
  readonly directory: string;
  /** Where it asks for challenges: port of 127.0.0.1. */
  readonly httpPort: number;
  /** Seconds that certificates are valid; 90 days by default. */
  readonly validity?: number;
  /** Its own switches; by default it validates at once, anew for every order, and refuses one nonce in twenty. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An ACME authority on loopback for which every name leads to 127.0.0.1. */
export interface Pebble extends Pick<Daemon, "pid" | "said" | "stop"> {
  /** Directory URL (RFC 8555, 7.1.1). */
  readonly directoryUrl: string;
  /** PEM: who signed the directory's own TLS certificate. */
  readonly trust: string;
}

/** Starts Pebble of the hosts' Debian, with the DNS server that it asks. */
export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const { directory, httpPort, validity = 90 * 86_400 } = options;
  mkdirSync(directory, { recursive: true });
  const [acme = 0, management = 0, dnsPort = 0, dnsManagement = 0, tlsPort = 0] = await freePorts(5);
  const { cert, key, ca } = createTestCa(join(directory, "ca"))("pebble", "IP:127.0.0.1");
  const write = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const pebble = {
    listenAddress: `127.0.0.1:${acme}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: write("pebble.crt", cert),
    privateKey: write("pebble.key", key),
    httpPort,
    tlsPort,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
    // Debian 13's Pebble 2.6 knows this; later ones know profiles.
    certificateValidityPeriod: validity,
    profiles: { default: { description: "the usual", validityPeriod: validity } },
  };
  const config = write("pebble.json", JSON.stringify({ pebble }));
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""];
  const names = ["-dns01", `127.0.0.1:${dnsPort}`, "-management", `127.0.0.1:${dnsManagement}`, "-defaultIPv6", ""];
  const dns = await startDaemon(debian("/usr/bin/pebble-challtestsrv", ...off, ...names), dnsManagement);
  const directoryUrl = `https://127.0.0.1:${acme}/dir`;
  const daemon = await startDaemon(
    debian("/usr/bin/pebble", "-config", config, "-dnsserver", `127.0.0.1:${dnsPort}`),
    () => answers(directoryUrl),
    { env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_AUTHZREUSE: "0", ...options.env } },
  );
  return {
    pid: daemon.pid,
    said: () => daemon.said(),
    directoryUrl,
    trust: ca,
    async stop() {
      await daemon.stop();
      await dns.stop();
    },
  };
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(url, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.on("error", () => resolve(false));
    sent.end();
  });
}
