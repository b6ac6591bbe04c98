import { hostsOf } from "@zcloud/map";
import * as z from "zod";
import { actorOf } from "../actor.ts";
import { ZctlError } from "../exit.ts";
import { siteNamed } from "../installation.ts";
import { done, everywhere, exitOf, missing } from "../parallel.ts";
import { command } from "../spec.ts";

export const remove = command(z.strictObject({ site: z.string().optional() }), {
  name: "remove",
  summary: "take a stack out of service; its volumes go to trash",
  about:
    "Its containers stop, its names are no longer served, and its volumes go to the trash of the host that had them.",
  arguments: [{ name: "<stack>", about: "tenant/project" }],
  options: [{ flags: "--site <site>", about: "at this site only", words: "sites" }],
  examples: [{ line: "zctl remove demo/hello", about: "at both sites" }],
  run: async (it, [stack = ""], { site }) => {
    const { map } = await it.installation();
    const [tenant = "", project = "", ...more] = stack.split("/");
    if (tenant === "" || project === "" || more.length > 0) {
      throw new ZctlError("USAGE", `${stack} is not a stack; write tenant/project, e.g. demo/hello`, { exit: "usage" });
    }
    const where = site === undefined ? undefined : siteNamed(map, site).name;
    const path = `/v1/stacks/${encodeURIComponent(tenant)}/${encodeURIComponent(project)}`;
    const by = encodeURIComponent(actorOf(it, map));
    const parts = await everywhere(hostsOf(map, "znet", where), it.signal, async (entry) => {
      const agent = await it.agent(entry);
      const answer = await agent.ask(`${path}?actor=${by}`, z.unknown(), { method: "DELETE", signal: it.signal });
      if (answer.kind === "refused" && answer.status === 404) return false;
      agent.orThrow(answer);
      return true;
    });
    const lost = missing(parts, map.sites);
    const removed = done(parts)
      .filter(({ value }) => value)
      .map(({ entry }) => entry.site);
    if (it.screen.jsonMode) {
      it.screen.json({ v: 1, stack, removedAt: removed, failed: lost.failed, unreachable: lost.unreachable });
    } else {
      for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(it.screen.paint("red", line));
      it.screen.line(
        removed.length > 0 ? `${stack} is being removed at ${removed.join(" and ")}.` : `There is no stack ${stack}.`,
      );
    }
    const exit = exitOf(parts);
    return exit === "ok" && removed.length === 0 ? "problem" : exit;
  },
});
