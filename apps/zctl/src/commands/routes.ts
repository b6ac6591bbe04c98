import { hostsOf } from "@zcloud/map";
import * as z from "zod";
import { Routes } from "../facts.ts";
import { done, everywhere, exitOf, missing } from "../parallel.ts";
import { renderRoutes, tableOfRoutes } from "../routes-screen.ts";
import { command } from "../spec.ts";

export const routes = command(z.strictObject({}), {
  name: "routes",
  summary: "which name is served by what, at each site's front",
  about:
    "As the fronts have it now: which stack a name leads to, which site answers, and how long the certificate lasts.",
  examples: [
    { line: "zctl routes", about: "exit code 1 if a name is served by nobody" },
    { line: "zctl routes --json | jq '.routes[].name'", about: "all names" },
  ],
  run: async (it) => {
    const { map } = await it.installation();
    const parts = await everywhere(hostsOf(map, "zfront"), it.signal, async (entry) => {
      const answer = await (await it.agent(entry)).value("/v1/routes", Routes, { signal: it.signal });
      return answer.routes;
    });
    const lost = missing(parts, map.sites);
    const fronts = done(parts).map(({ entry, value }) => ({ site: entry.site, routes: value }));
    const rows = tableOfRoutes(fronts);
    if (it.screen.jsonMode) it.screen.json({ v: 1, routes: rows, failed: lost.failed, unreachable: lost.unreachable });
    for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(it.screen.paint("red", line));
    if (fronts.length > 0) {
      const sites = fronts.map(({ site }) => site);
      it.screen.lines(renderRoutes(rows, sites, it.ports.now(), (colour, text) => it.screen.paint(colour, text)));
    }
    if (rows.some(({ fronts: doors }) => doors.some(({ servedBy }) => servedBy === null))) return "problem";
    return exitOf(parts);
  },
});
