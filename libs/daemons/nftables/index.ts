export { nftablesReconciler } from "./daemon.ts";
export { type SiteFlow, siteFlows } from "./flows.ts";
export * from "./interfaces.ts";
export {
  desiredNftables,
  type NftablesAction,
  type NftablesDesired,
  type NftablesObserved,
  NotAZcloudError,
  planNftables,
} from "./plan.ts";
export { renderNftables } from "./render.ts";
