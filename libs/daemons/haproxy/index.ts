export type { DiskCertificate } from "./certificates.ts";
export { createHaproxy, type Haproxy, type HaproxyControl, type HaproxyOptions, systemdControl } from "./daemon.ts";
export { certificateReader } from "./disk-certificates.ts";
export { createLastGood } from "./last-good.ts";
export type { DesiredFront, FrontAction, ObservedFront } from "./plan.ts";
export { endpointLabel, type LocalServer, type Route, type RouteProblem, type Routes, toRoutes } from "./routes.ts";
export { type FrontPaths, type FrontSettings, frontPaths, frontSettings, type PeerFront } from "./settings.ts";
export { unitFiles } from "./unit.ts";
export { type RouteView, routeViews } from "./view.ts";
