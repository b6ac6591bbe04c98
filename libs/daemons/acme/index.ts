export { thumbprintOf } from "./account.ts";
export type { Attempts } from "./attempts.ts";
export {
  type Acme,
  type AcmeOptions,
  createAcme,
} from "./daemon.ts";
export type { Budget } from "./ledger.ts";
export {
  type AcmePaths,
  acmePaths,
  type DesiredCertificates,
  type HeldCertificate,
  type WantedNames,
} from "./model.ts";
export { processAuthority } from "./order-process.ts";
export type { CertificateEvent, OrderResult } from "./orders.ts";
export type { Door } from "./preflight.ts";
export type { FrontDoor } from "./proof.ts";
export type { CertificateState, Retry } from "./state.ts";
