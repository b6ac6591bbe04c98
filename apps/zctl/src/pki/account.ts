import type { Host } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import { ZctlError } from "../exit.ts";
import { places } from "./enrolled.ts";
import { thumbprint } from "./thumbprint.ts";

/**
 * Both fronts answer challenges for one ACME account. The first front made its key; the others get it through this
 * process's memory, over SSH's standard input, and it is never a file here.
 * @returns hosts that got it now
 */
export async function shareAccount(
  from: { readonly entry: HostEntry; readonly host: Host },
  to: readonly { readonly entry: HostEntry; readonly host: Host; readonly thumbprint: string | null }[],
): Promise<readonly string[]> {
  const key = await from.host.read(places.acmeAccount);
  if (key === undefined) throw new ZctlError("ENROLL", `${from.entry.id} has no ACME account key after enrolment`);
  const shared = thumbprint(key);
  const given: string[] = [];
  for (const front of to) {
    if (front.thumbprint === shared) continue;
    await front.host.write(places.acmeAccount, key, { mode: 0o600 });
    given.push(front.entry.id);
  }
  return given;
}
