export * from "./map-view.ts";
export * from "./paths.ts";
export * from "./role.ts";
