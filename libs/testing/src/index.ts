export * from "./at-exit.ts";
export * from "./certificates.ts";
export * from "./daemon.ts";
export * from "./golden.ts";
export * from "./http-answer.ts";
export * from "./lab.ts";
export * from "./rootfs.ts";
export * from "./temp-dir.ts";
