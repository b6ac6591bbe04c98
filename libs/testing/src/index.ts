export * from "./certificates.ts";
export * from "./daemon.ts";
export * from "./rootfs.ts";
