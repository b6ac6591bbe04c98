import type { Host } from "@zcloud/host";
import * as z from "zod";
import { mountName } from "./places.ts";
import type { MountOptions } from "./render.ts";

/** What this host knows of a volume that it mounts; its name is the file's. */
const Known = z.strictObject({
  /** Of Ceph's clients, whose key lies elsewhere. */
  client: z.string(),
  /** In the file system. */
  path: z.string(),
  mounter: z.enum(["kernel", "fuse"]),
});

/** One volume that is mounted here. */
export type KnownMount = Omit<MountOptions, "map">;

/** Of all volumes that are mounted here, whether or not anybody answers. What is no such file is left out. */
export async function knownMounts(host: Host, state: string): Promise<readonly KnownMount[]> {
  const names = await host.list(state);
  const found = await Promise.all(
    names.map(async (name): Promise<readonly KnownMount[]> => {
      const [tenant, stack, volume, ...rest] = name.split(".");
      if (tenant === undefined || stack === undefined || volume === undefined || rest.length > 0) return [];
      const known = parse((await host.read(`${state}/${name}`)) ?? "");
      return known === undefined ? [] : [{ tenant, stack, volume, ...known }];
    }),
  );
  return found.flat();
}

function parse(text: string): z.infer<typeof Known> | undefined {
  try {
    return Known.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function noteMount(host: Host, state: string, mount: KnownMount): Promise<void> {
  const { tenant, stack, volume, client, path, mounter } = mount;
  const known: z.infer<typeof Known> = { client, path, mounter };
  await host.write(`${state}/${mountName(tenant, stack, volume)}`, `${JSON.stringify(known)}\n`);
}
