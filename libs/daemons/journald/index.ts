export { createJournalBounds, desiredJournalBounds } from "./bounds.ts";
export { createJournald, withoutSender } from "./daemon.ts";
export { behind } from "./plan.ts";
