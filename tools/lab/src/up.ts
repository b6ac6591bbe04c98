import type { Arguments } from "./arguments.ts";
import { installationMap, linkCurrent } from "./installation.ts";
import { Lab } from "./lab.ts";
import type { Layout } from "./layout.ts";
import type { Progress } from "./progress.ts";
import { repository } from "./repository.ts";

/** Brings the lab to where the map and the working tree say it should be; everything that is there already stays. */
export async function up(at: Layout, args: Arguments, progress: Progress): Promise<number> {
  const map = await installationMap(at, args.map ?? `${repository}/deploy/maps/lab.yaml`);
  const lab = new Lab(at, map);
  await progress.step("hosts", async () => {
    const booted = await lab.powerOn(lab.machines);
    return `${lab.machines.length} running (${booted} booted)`;
  });
  await linkCurrent(at);
  return 0;
}
