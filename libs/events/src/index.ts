export * from "./buckets.ts";
export * from "./numbers.ts";
export * from "./schemas.ts";
export * from "./volume-questions.ts";
