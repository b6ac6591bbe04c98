import { fileURLToPath } from "node:url";

/** Top of the working tree, without a slash at the end. */
export const repository: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
