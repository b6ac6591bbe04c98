export * from "./autonomy.ts";
export { Keys, type KeysResult, loadKeys } from "./keys.ts";
export { type LoadResult, loadMap } from "./load.ts";
export * from "./model.ts";
export { covers } from "./names.ts";
export { formatPath, formatProblem, formatProblems, type Path, type Problem } from "./problems.ts";
export * from "./select.ts";
export { signedText } from "./signed.ts";
export { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";
