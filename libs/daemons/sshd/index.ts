export { type SshAuthority, SshAuthorityError, sshAuthority } from "./authority.ts";
export { hostPrincipals, sshCertificateNeed } from "./host-certificate.ts";
export { identityPlaces, installIdentity, renderIdentity } from "./identity.ts";
export { hostTrust, withAuthority, withoutPins, withPin } from "./known-hosts.ts";
