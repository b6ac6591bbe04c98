export { createDisks } from "./daemon.ts";
export { diskProblems, watchFullness } from "./fullness.ts";
