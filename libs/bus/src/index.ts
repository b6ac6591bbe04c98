export * from "./bus.ts";
export { type BusCounts, type ConnectedBus, connectBus } from "./connect.ts";
export { createUserKey, publicKeyOf, type UserKey } from "./nkeys.ts";
export type { BusLogger, BusOptions, BusTls } from "./options.ts";
