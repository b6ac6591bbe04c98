export * from "./rootfs.ts";
