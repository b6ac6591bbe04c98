export { thumbprintOf } from "./account.ts";
export {
  type Acme,
  type AcmeOptions,
  type AcmePaths,
  acmePaths,
  createAcme,
  type DesiredCertificates,
} from "./daemon.ts";
export { processAuthority } from "./order-process.ts";
export { type Attempts, type HeldCertificate, planOrders, renewAt, type WantedCertificate } from "./plan.ts";
export type { Door } from "./preflight.ts";
export type { CertificateState, Retry } from "./state.ts";
