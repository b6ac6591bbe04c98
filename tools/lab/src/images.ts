import { readdir } from "node:fs/promises";
import { run } from "./exec.ts";
import { currentImage } from "./image.ts";
import type { Lab } from "./lab.ts";
import type { Progress } from "./progress.ts";
import { repository } from "./repository.ts";

const recipe = `${repository}/deploy/stacks/images.sh`;

/** Builds the sample stacks' images and loads them into every host that runs containers: there is no registry. */
export async function loadImages(lab: Lab, progress: Progress): Promise<void> {
  await progress.step("images", async () => {
    await run(["sh", recipe, currentImage(), lab.layout.images]);
    const archives = (await readdir(lab.layout.images)).filter((name) => name.endsWith(".tar"));
    const carriers = lab.machines.filter(({ host }) => host.role === "zpod" || host.role === "zmah");
    await Promise.all(
      carriers.map(async (machine) => {
        for (const archive of archives) {
          const path = `${lab.layout.images}/${archive}`;
          // Through the shell's redirection: an image need not pass through this process.
          const argv = [
            "sh",
            "-c",
            'exec < "$0"; exec "$@"',
            path,
            ...(await machine.entering()),
            "podman",
            "load",
            "--quiet",
          ];
          await run(argv);
        }
      }),
    );
    return `${archives.length} loaded at ${carriers.length} hosts`;
  });
}
