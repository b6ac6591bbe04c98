import * as z from "zod";
import { sshCommand } from "../connect.ts";
import type { Exit } from "../exit.ts";
import { hostNamed } from "../installation.ts";
import { command } from "../spec.ts";

export const ssh = command(z.strictObject({}), {
  name: "ssh",
  summary: "log in to a host, or run a command there",
  arguments: [
    { name: "<host>", about: "e.g. north/zpod1", words: "hosts" },
    { name: "[command...]", about: "what to run; a shell without it" },
  ],
  passThrough: true,
  examples: [
    { line: "zctl ssh north/zfront", about: "a shell" },
    { line: "zctl ssh south/zpod1 podman ps", about: "one command; its exit status decides between 0 and 1" },
  ],
  run: async (it, [id = "", ...rest]): Promise<Exit> => {
    const installation = await it.installation();
    const argv = sshCommand(installation, hostNamed(installation.map, id), { terminal: rest.length === 0 });
    return (await it.ports.attach([...argv, ...rest])) === 0 ? "ok" : "problem";
  },
});
