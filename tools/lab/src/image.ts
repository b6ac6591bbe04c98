import { existsSync, realpathSync } from "node:fs";
import { rootfsPath } from "@zcloud/testing";
import { LabError } from "./errors.ts";

/** The image that lab hosts are mounted on now: the link resolved, so that a newer image does not move it. */
export function currentImage(): string {
  if (!existsSync(rootfsPath))
    throw new LabError(`there is no ${rootfsPath}; build the hosts' image: npm run lab -- image`);
  return realpathSync(rootfsPath);
}
