import { hostsOf } from "@zcloud/map";
import * as z from "zod";
import { retryCertificate } from "../certificate-retry.ts";
import {
  Certificates,
  renderBudgets,
  renderCertificates,
  type SiteBudget,
  tableOfCertificates,
} from "../certificates-screen.ts";
import { type Exit, ZctlError } from "../exit.ts";
import { siteNamed } from "../installation.ts";
import type { Invocation } from "../invocation.ts";
import { done, everywhere, exitOf, missing } from "../parallel.ts";
import { command } from "../spec.ts";

const Options = z.strictObject({
  site: z.string().optional(),
  patience: z.coerce.number().int().min(0).max(600).default(30),
});

export const certificates = command(Options, {
  name: "certificates",
  summary: "who signed which name's certificate, until when; or try one again now",
  about:
    "Each front has its own certificates: for which names, who signed them, how long they last, what failed last, and when\n" +
    "they are renewed or tried again. Names of one service share a certificate. A line below says so where most of what\n" +
    "the authority allows in a time is used up. `retry NAME` ends the wait after a failure. What the authority counts is kept: after two refusals within an\n" +
    "hour a name waits for the hour to end, whoever asks. A certificate that is good is not ordered again.",
  arguments: [
    { name: "[action]", about: "retry: a new attempt, now", words: ["retry"] },
    { name: "[name]", about: "whose certificate" },
  ],
  options: [
    { flags: "--site <site>", about: "at this site only", words: "sites" },
    { flags: "--patience <seconds>", about: "how long to follow a new attempt (30)" },
  ],
  examples: [
    { line: "zctl certificates", about: "exit code 1 if a name has none, or an attempt failed" },
    { line: "zctl certificates retry wiki.example.net", about: "after its DNS was corrected" },
  ],
  run: async (it, [action, name], { site, patience }): Promise<Exit> => {
    if (action === undefined) return list(it, site);
    if (action !== "retry") {
      const remedy = "zctl certificates, or zctl certificates retry NAME";
      throw new ZctlError("USAGE", `${action} is nothing that certificates can do`, { exit: "usage", remedy });
    }
    if (name === undefined) throw new ZctlError("USAGE", "whose certificate? give a name", { exit: "usage" });
    return retryCertificate(it, name, { site, patience: patience * 1_000 });
  },
});

async function list(it: Invocation, site: string | undefined): Promise<Exit> {
  const { map } = await it.installation();
  const where = site === undefined ? undefined : siteNamed(map, site).name;
  const parts = await everywhere(hostsOf(map, "zfront", where), it.signal, async (entry) => {
    return (await it.agent(entry)).value("/v1/certificates", Certificates, { signal: it.signal });
  });
  const lost = missing(parts, map.sites);
  const fronts = done(parts).map(({ entry, value }) => ({ site: entry.site, certificates: value.certificates }));
  const budgets = done(parts).flatMap(({ entry, value }) =>
    value.budgets.map((one): SiteBudget => ({ site: entry.site, ...one })),
  );
  const rows = tableOfCertificates(fronts);
  if (it.screen.jsonMode) it.screen.json({ v: 1, certificates: rows, budgets, ...lost });
  for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(it.screen.paint("red", line));
  if (fronts.length > 0) {
    const sites = fronts.map((one) => one.site);
    it.screen.lines(renderCertificates(rows, sites, it.ports.now(), (colour, text) => it.screen.paint(colour, text)));
    it.screen.lines(renderBudgets(budgets, it.ports.now()));
  }
  const bad = rows.some((row) => row.fronts.some(({ state, notAfter }) => state === "failing" || notAfter === null));
  return bad ? "problem" : exitOf(parts);
}
