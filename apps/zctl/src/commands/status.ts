import { Status } from "@zcloud/events";
import * as z from "zod";
import type { Answer } from "../agents.ts";
import type { Exit } from "../exit.ts";
import { vms } from "../installation.ts";
import { command } from "../spec.ts";
import { renderStatus } from "../status-screen.ts";
import { type Seen, summarise } from "../summary.ts";

export const status = command(z.strictObject({}), {
  name: "status",
  summary: "what is wrong, then how everything is",
  about:
    "Asks every host's agent. What is wrong stands first, with the command that helps. Sites and hosts that are out of\n" +
    "reach are named; the others are shown.",
  examples: [
    { line: "zctl status", about: "the morning look; exit code 1 if something is wrong, 3 if hosts are out of reach" },
    { line: "zctl status --json | jq '.problems[]'", about: "for monitoring" },
  ],
  run: async (it): Promise<Exit> => {
    const { map } = await it.installation();
    const waiting = it.screen.progress("asking every host");
    const seen = await Promise.all(
      vms(map).map(async (entry): Promise<Seen> => {
        const agent = await it.agent(entry);
        const answer: Answer<Status> = await agent.ask("/v1/status", Status, { signal: it.signal, timeout: 5_000 });
        return { entry, answer };
      }),
    ).finally(() => waiting.done());
    const summary = summarise(map, seen);
    if (it.screen.jsonMode) it.screen.json(summary);
    else it.screen.lines(renderStatus(summary, it.ports.now(), (colour, text) => it.screen.paint(colour, text)));
    if (summary.problems.length > 0) return "problem";
    return summary.unreachable.length > 0 ? "unreachable" : "ok";
  },
});
