import { createSecureContext, type SecureContext } from "node:tls";
import type { Host } from "@zcloud/host";

/** The machine's own trust store (ca-certificates of Debian), which its other clients use too. */
export const systemTrust = "/etc/ssl/certs/ca-certificates.crt";

/**
 * The trust store as TLS wants it, made once: it has 140 authorities, and takes 10 ms. A changed file is noticed; the
 * last good one serves while there is none.
 */
export function createTrust(host: Pick<Host, "read" | "stat">, path: string = systemTrust) {
  let stamp = "";
  let context: SecureContext | undefined;
  return async (): Promise<SecureContext | undefined> => {
    const stat = await host.stat(path);
    const now = stat === undefined ? stamp : `${stat.mtime} ${stat.size}`;
    if (now === stamp) return context;
    const ca = await host.read(path);
    if (ca === undefined) return context;
    context = createSecureContext({ ca });
    stamp = now;
    return context;
  };
}
