import { spawnSync } from "node:child_process";
import { layout } from "../../../tools/lab/src/layout.ts";
import { repository } from "../../../tools/lab/src/repository.ts";

/** One lab for all end-to-end tests, by the command that a newcomer types. A name given in the environment is used as it is, and kept. */
export function setup(context: { provide(key: "lab", value: string): void }): () => void {
  const given = process.env["ZCLOUD_TEST_LAB"];
  const name = given ?? `test${process.pid}`;
  const lab = (...words: readonly string[]): number | null =>
    spawnSync(process.execPath, ["--import", "tsx", "tools/lab/src/main.ts", ...words, "--name", name], {
      cwd: repository,
      stdio: "inherit",
      timeout: 600_000,
    }).status;
  const down = (): void => {
    if (given === undefined) lab("down");
  };
  if (lab("up") !== 0) {
    down();
    throw new Error(`boot the lab ${name}: it said why above; its files are in ${layout(name).directory}`);
  }
  context.provide("lab", name);
  return down;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Name of the lab that these tests may break. */
    lab: string;
  }
}
