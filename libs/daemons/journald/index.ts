export { createJournald } from "./daemon.ts";
export { behind } from "./plan.ts";
