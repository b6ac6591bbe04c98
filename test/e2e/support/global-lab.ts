import { startLab, useLab } from "@zcloud/testing";

/** One lab for all end-to-end tests, by the command that a newcomer types. A lab named in ZCLOUD_TEST_LAB is used as it is, and kept. */
export async function setup(context: { provide(key: "lab", value: string): void }): Promise<() => Promise<void>> {
  const given = process.env["ZCLOUD_TEST_LAB"];
  const lab = given === undefined ? await startLab(`test${process.pid}`) : await useLab(given);
  context.provide("lab", lab.name);
  return async () => {
    if (given === undefined) await lab.down();
  };
}

declare module "vitest" {
  interface ProvidedContext {
    /** Name of the lab that these tests may break. */
    lab: string;
  }
}
