export { administer, type BusAdmin, BusAwayError, openAdmin } from "./admin.ts";
export * from "./bus.ts";
export { type BusCounts, type ConnectedBus, connectBus, isConnected } from "./connect.ts";
export { type Ensured, ensureBuckets } from "./ensure.ts";
export { createUserKey, publicKeyOf, type UserKey } from "./nkeys.ts";
export { type Numbers, sendNumbers, takeNumbers } from "./numbers.ts";
export type { BusLogger, BusOptions, BusTls, LinkOptions } from "./options.ts";
export { type Answer, type KeyOf, questionSubject } from "./questions.ts";
