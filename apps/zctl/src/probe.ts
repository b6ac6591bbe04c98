import { isAbsolute, join } from "node:path";
import type { Host } from "@zcloud/host";
import type { Site } from "@zcloud/map";
import type { Installation } from "./installation.ts";
import { printable } from "./screen.ts";

/** What came back from a front door, as a visitor would see it. */
export type Probed =
  | { readonly kind: "answered"; readonly status: number; readonly ms: number; readonly by: string | undefined }
  /** TLS is passed through: its owner's server shook hands, whatever its certificate. */
  | { readonly kind: "handshake"; readonly ms: number }
  /** The front door has no certificate for this name yet that a visitor would take. */
  | { readonly kind: "untrusted"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** curl(1), EXIT CODES: the peer's certificate was not OK. */
const untrusted = new Set([51, 60]);
const seconds = 5;

/**
 * Asks a public name through one site's front door: from the operator's place in the network, with the certificate
 * checked, at that site's public address whatever DNS says. Without a path only the handshake counts.
 */
export async function probe(
  local: Host,
  installation: Installation,
  site: Site,
  name: string,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Probed> {
  const { via, caFile } = installation.context;
  const argv = [...via, "curl", "-sS", "-o", "/dev/null", "--max-time", String(seconds)];
  const words = path === undefined ? "%{time_appconnect}" : "%{http_code} %{time_total} %header{x-zcloud-site}";
  argv.push("-w", words, "--noproxy", "*");
  argv.push("--resolve", `${name}:443:${site.public.ipv4}`);
  if (caFile !== undefined) argv.push("--cacert", isAbsolute(caFile) ? caFile : join(installation.directory, caFile));
  if (path === undefined) argv.push("--insecure");
  argv.push(`https://${name}${path ?? "/"}`);
  const asked = await local.run(argv, { signal, timeout: (seconds + 5) * 1000 });
  const reason = printable(
    asked.stderr
      .trim()
      .split("\n")[0]
      ?.replace(/^curl: \(\d+\) /, "") ?? "",
  );
  const handshake = Number(path === undefined ? asked.stdout.trim() : 0) * 1000;
  if (handshake > 0) return { kind: "handshake", ms: handshake };
  if (untrusted.has(asked.status)) return { kind: "untrusted", reason };
  const [status = "0", time = "0", by = ""] = asked.stdout.trim().split(" ");
  if (asked.status !== 0 && status === "000")
    return { kind: "failed", reason: reason || `curl ended with ${asked.status}` };
  return {
    kind: "answered",
    status: Number(status),
    ms: Number(time) * 1000,
    by: by === "" ? undefined : printable(by),
  };
}

/** What a visitor would call an answer: HAProxy's own 5xx pages and the like are none. */
export function isGood(probed: Probed): boolean {
  if (probed.kind === "handshake") return true;
  return probed.kind === "answered" && probed.status >= 200 && probed.status < 400;
}
