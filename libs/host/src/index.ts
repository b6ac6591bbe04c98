export * from "./errors.ts";
export * from "./files.ts";
export * from "./host.ts";
export * from "./local-host.ts";
export * from "./notify.ts";
