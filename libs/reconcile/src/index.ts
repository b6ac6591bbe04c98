export * from "./reconciler.ts";
