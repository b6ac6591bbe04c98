export * from "./apply-config.ts";
export * from "./errors.ts";
export * from "./files.ts";
export * from "./host.ts";
export * from "./local-host.ts";
export * from "./memory-host.ts";
export * from "./notify.ts";
export { shellCommand, shellQuote } from "./shell-quote.ts";
export * from "./ssh-host.ts";
