import type { HostEntry, ZMap } from "@zcloud/map";
import type { SshdDesired } from "./plan.ts";
import { isVm, renderSshd, type SshdPlaces, sshdPlaces } from "./render.ts";

export { type SshAuthority, SshAuthorityError, sshAuthority } from "./authority.ts";
export { createSshd } from "./daemon.ts";
export { hostPrincipals, sshCertificateNeed } from "./host-certificate.ts";
export { identityPlaces, installIdentity, renderIdentity } from "./identity.ts";
export { hostTrust, withAuthority, withoutPins, withPin } from "./known-hosts.ts";
export { sshdProblems } from "./problems.ts";

export function desiredSshd(map: ZMap, self: HostEntry, places: SshdPlaces = sshdPlaces): SshdDesired {
  return {
    config: renderSshd(map, self, places),
    operators: isVm(self) ? map.operators : undefined,
    operatorsPath: places.operators,
  };
}
