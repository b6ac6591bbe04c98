export * from "./autonomy.ts";
export * from "./model.ts";
