export { thumbprintOf } from "./authority.ts";
export {
  type Acme,
  type AcmeOptions,
  type AcmePaths,
  acmePaths,
  createAcme,
  type DesiredCertificates,
} from "./daemon.ts";
export { type Attempts, type HeldCertificate, planOrders, renewAt, type WantedCertificate } from "./plan.ts";
export type { Door } from "./preflight.ts";
export type { CertificateState, Retry } from "./state.ts";
export { isAuthorityWorker, serveAuthority, threadAuthority } from "./thread.ts";
