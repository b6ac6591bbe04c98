export { type AnnounceContext, type Announcement, announcements, doorKey, doorsOf } from "./announce.ts";
export { askDoor } from "./ask.ts";
export { type Change, createMonitor, type Monitor, type Watched } from "./monitor.ts";
export {
  restingViews,
  type Unreachable,
  type UptimeView,
  unreachable,
  uptimeViews,
  type Window,
  windows,
} from "./report.ts";
export { createStore, type Store } from "./store.ts";
export { type Door, type Probed, type Target, targetsOf } from "./targets.ts";
export { createTrust } from "./trust.ts";
