import { expect, test } from "vitest";
import { planChrony } from "./plan.ts";
import { clockProblems } from "./problems.ts";
import { type ClockReport, parseReport } from "./report.ts";
import { watchSkew } from "./skew.ts";

const tracking = (slow: number, last: number, leap = "Normal", ref = "0A400102,10.64.1.2") =>
  `${ref},3,1795421921.02,${slow},${last},2.49,-11.1,-2.8,307.7,0.001,0.002,1.0,${leap}\n`;
const sources =
  "^,*,10.64.1.2,2,4,377,1,-0.1,-0.1,0.002\n^,?,192.0.2.53,0,6,0,10,0,0,0\n^,-,192.0.2.54,1,6,7,1,0,0,0\n";

test("chronyc's words: whom it follows, how far off, who answers", () => {
  expect(parseReport(tracking(0.000005, -2.5) + sources)).toEqual({
    ...{ synchronised: true, follows: "10.64.1.2", stratum: 3, offset: -2.5, uncertainty: 0.0025 },
    sources: [
      { server: "10.64.1.2", state: "*", stratum: 2, answered: 8 },
      { server: "192.0.2.53", state: "?", stratum: 0, answered: 0 },
      { server: "192.0.2.54", state: "-", stratum: 1, answered: 3 },
    ],
  });
  expect(parseReport(tracking(0.75, 0.001))?.offset).toBe(-0.75);
  expect(parseReport(tracking(0, 0, "Normal", "7F7F0101,"))?.follows).toBeUndefined();
  expect(parseReport(tracking(0, 0, "Not synchronised", "00000000,"))?.synchronised).toBe(false);
  expect(parseReport("506 Cannot talk to daemon\n")).toBeUndefined();
});

const report = (offset: number, follows: string | undefined = "10.64.1.2"): ClockReport => {
  return { synchronised: true, follows, stratum: 3, offset, uncertainty: 0, sources: [] };
};

test("skew is told once, named, with its direction; a little less than the limit is no recovery", () => {
  const skew = watchSkew("north/zpod1");
  const looks = [0.02, 0.11, 3, 0.09, 0.04, 0.04, -7200].map((offset) => skew.look(report(offset))?.reason);
  expect(looks).toEqual([
    undefined,
    "the clock of north/zpod1 is 0.110 s fast, by 10.64.1.2",
    ...[undefined, undefined, "the clock of north/zpod1 is right again", undefined],
    "the clock of north/zpod1 is 7200.000 s slow, by 10.64.1.2",
  ]);
  expect(skew.look(undefined)).toBeUndefined();
  expect(skew.look({ ...report(0), follows: undefined })).toBeUndefined();
  expect(skew.wrong()).toBe(true);
});

test("problems: a wrong clock at once, nobody to follow after a while", () => {
  const lone = { ...report(0), follows: undefined };
  expect(clockProblems(report(0.01), "zpod", 0, 10 ** 9)).toEqual([]);
  expect(clockProblems(report(-0.2), "zpod", 0, 0)[0]?.what).toBe("this host's clock is 0.200 s slow, by 10.64.1.2");
  expect(clockProblems(lone, "znet", 0, 599_999)).toEqual([]);
  expect(clockProblems(lone, "znet", 0, 600_000)[0]?.what).toBe(
    "no time server answers: the site goes on by this host's own clock",
  );
  const liars = [{ server: "192.0.2.53", state: "x", stratum: 1, answered: 8 }];
  expect(clockProblems({ ...lone, sources: liars }, "zpod", 0, 600_000)[0]?.what).toMatch(/disagree \(192.0.2.53\)/);
});

test.each<[string, Partial<Parameters<typeof planChrony>[1]>, string[]]>([
  ["nothing to do", {}, []],
  [
    "nothing there",
    { config: undefined, unitFiles: new Map(), running: false, enabled: false },
    ["write-unit", "configure"],
  ],
  ["another text", { config: "old\n" }, ["configure"]],
  ["it died", { running: false }, ["start"]],
  ["not at boot", { enabled: false }, ["start"]],
])("%s", (_, observed, expected) => {
  const unitFiles = new Map([["/u/x.conf", { content: "unit", mode: 0o644 }]]);
  const good = { config: "text\n", unitFiles, running: true, enabled: true };
  const planned = planChrony({ config: "text\n", unitFiles }, { ...good, ...observed });
  expect(planned.map(({ kind }) => kind)).toEqual(expected);
});
