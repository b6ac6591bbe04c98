import { hostsOf } from "@zcloud/map";
import * as z from "zod";
import { type Exit, ZctlError } from "../exit.ts";
import { done, everywhere, exitOf, missing } from "../parallel.ts";
import { command } from "../spec.ts";
import { isDown, renderUptimes, tableOfUptimes, Uptimes } from "../uptime-screen.ts";

export const uptime = command(z.strictObject({}), {
  name: "uptime",
  summary: "what visitors could reach, at both front doors, over 90 days",
  about:
    "Each front asks every endpoint through both sites' front doors, as a visitor would, TLS checked. Shown is who can't be\n" +
    "reached now, the share of time that was not an outage, the worse of both views, and the last outage.",
  arguments: [{ name: "[name]", about: "of one endpoint or stack only: a public name, garden/wiki, garden/wiki:web" }],
  examples: [
    { line: "zctl uptime", about: "exit code 1 if an endpoint is down at a door" },
    { line: "zctl uptime wiki.example.net --json | jq '.endpoints[].doors[].uptime'", about: "for a report" },
  ],
  run: async (it, [name]): Promise<Exit> => {
    const { map } = await it.installation();
    const parts = await everywhere(hostsOf(map, "zfront"), it.signal, async (entry) => {
      return (await it.agent(entry)).value("/v1/uptime", Uptimes, { signal: it.signal });
    });
    const lost = missing(parts, map.sites);
    const fronts = done(parts).map(({ entry, value }) => ({ site: entry.site, endpoints: value.endpoints }));
    const all = tableOfUptimes(fronts);
    const rows = all.filter((row) => {
      return name === undefined || [row.name, row.endpoint, row.endpoint.replace(/:.*/, "")].includes(name);
    });
    if (name !== undefined && rows.length === 0 && fronts.length > 0) {
      const remedy = "zctl uptime lists all of them; an endpoint with several names goes by its first";
      throw new ZctlError("UNKNOWN_NAME", `no endpoint ${name} is watched`, { exit: "usage", remedy });
    }
    if (it.screen.jsonMode) it.screen.json({ v: 1, endpoints: rows, ...lost });
    for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(it.screen.paint("red", line));
    if (fronts.length > 0) {
      const sites = map.sites.map((site) => site.name);
      it.screen.lines(renderUptimes(rows, sites, it.ports.now(), (colour, text) => it.screen.paint(colour, text)));
    }
    return rows.some(isDown) ? "problem" : exitOf(parts);
  },
});
