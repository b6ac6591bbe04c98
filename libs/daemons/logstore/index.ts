export { createLogKeeper } from "./keep.ts";
export { mergeByTime, type Timed } from "./merge.ts";
export { LogQuery } from "./query.ts";
export { readLog, type TimedLine } from "./read.ts";
