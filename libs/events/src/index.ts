export * from "./buckets.ts";
export * from "./schemas.ts";
