import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Moves what was built into `to`, file by file, by rename(2): whoever reads a file there meanwhile, or builds the same at
 * the same time, finds a whole one, old or new. The directory `from` is gone afterwards.
 */
export async function publish(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    const beside = join(to, `.${name}.${process.pid}`);
    await copyFile(join(from, name), beside);
    await rename(beside, join(to, name));
  }
  await rm(from, { recursive: true });
}
