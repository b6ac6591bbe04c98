import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { systemClock } from "@zcloud/reconcile";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dayOf } from "./files.ts";
import { createLogKeeper } from "./keep.ts";
import { LogQuery } from "./query.ts";
import { readLog, type TimedLine } from "./read.ts";

const store = mkdtempSync(join(tmpdir(), "zc-logstore-"));
const { signal } = new AbortController();
const options = { host: new LocalHost(), clock: systemClock, store, signal };
const today = dayOf(Date.now());
const yesterday = dayOf(Date.now() - 86_400_000);

const line = (day: string, second: number, msg: string, service = "", level = "info") =>
  `{"at":"${day}T00:00:${String(second).padStart(2, "0")}.000001+00:00","level":"${level}","unit":"x.service","tag":"x","pid":"1","service":"${service.replaceAll("/", "\\/")}","msg":"${msg}"}\n`;

async function ask(query: Readonly<Record<string, string>>): Promise<readonly TimedLine[]> {
  const found: TimedLine[] = [];
  for await (const some of readLog(LogQuery.parse(query), options)) found.push(...some);
  return found;
}

const texts = (lines: readonly TimedLine[]) => lines.map(({ host, line: { msg } }) => `${host} ${String(msg)}`);

beforeAll(() => {
  for (const host of ["zfront", "zpod1"]) mkdirSync(join(store, host));
  writeFileSync(join(store, "zpod1", `${yesterday}.jsonl`), line(yesterday, 1, "old") + line(yesterday, 2, "old too"));
  const repeated = [line(today, 2, "b"), line(today, 4, "d", "demo/hello/web")];
  writeFileSync(
    join(store, "zpod1", `${today}.jsonl`),
    [...repeated, ...repeated, line(today, 6, 'a\\/b \\"q\\"')].join(""),
  );
  const front = [
    line(today, 1, "a"),
    "no json at all\n",
    line(today, 3, "c", "", "err"),
    line(today, 5, "e", "demo/other/web"),
  ];
  writeFileSync(join(store, "zfront", `${today}.jsonl`), front.join(""));
  const access = { at: `${today}T00:00:07.000+0000`, endpoint: "demo/hello/web", path: "/a#22b", status: 200 };
  writeFileSync(join(store, "zfront", `access-${today}.jsonl`), `${JSON.stringify(access)}\n`);
  const before = new Date(Date.now() - 3_600_000);
  utimesSync(join(store, "zpod1", `${yesterday}.jsonl`), before, before);
});

afterAll(() => rmSync(store, { recursive: true, force: true }));

test("a day that has passed is compressed, and read as before", async () => {
  const keeper = createLogKeeper(options);
  const desired = { keep: 30 * 86_400, atMost: 1e12 };
  const planned = keeper.plan(desired, await keeper.observe(signal));
  expect(planned.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([`compress zpod1/${yesterday}.jsonl`]);
  for (const action of planned) await keeper.apply(action, signal);
  const left = keeper.plan(desired, await keeper.observe(signal)).filter(({ kind }) => kind === "compress");
  expect(left).toEqual([]);
  expect(texts(await ask({ host: "zpod1", grep: "old" }))).toEqual(["zpod1 old", "zpod1 old too"]);
});

test("hosts' lines in order of time, repeated ones once, broken ones as they are", async () => {
  expect(texts(await ask({ since: `${today}T00:00:00Z` }))).toEqual([
    ...["zfront a", "zfront no json at all", "zpod1 b", "zfront c", "zpod1 d", "zfront e", 'zpod1 a/b "q"'],
  ]);
});

test.each<[string, Readonly<Record<string, string>>, string[]]>([
  ["the newest", { limit: "2" }, ["zfront e", 'zpod1 a/b "q"']],
  ["a stack's", { service: "demo/hello" }, ["zpod1 d"]],
  ["a tenant's", { service: "demo" }, ["zpod1 d", "zfront e"]],
  ["no other stack's with the same beginning", { service: "demo/hell" }, []],
  ["of a level", { level: "warning" }, ["zfront c"]],
  ["of a unit", { unit: "x", host: "zfront" }, ["zfront a", "zfront c", "zfront e"]],
  ["between times", { since: `${today}T00:00:03Z`, until: `${today}T00:00:04.500Z` }, ["zfront c", "zpod1 d"]],
  ["a text with what JSON writes in another way", { grep: 'a/b "q"' }, ['zpod1 a/b "q"']],
  ["a text that is a name of a field, in nobody's text", { grep: "level" }, []],
  ["what would end a shell's word", { grep: "'; echo x; '" }, []],
])("%s", async (_, query, expected) => {
  expect(texts(await ask(query))).toEqual(expected);
});

test("requests are their own kind; a stack's are those at its endpoints", async () => {
  const found = await ask({ kind: "access", service: "demo/hello" });
  expect(found.map(({ host, line: { status } }) => [host, status])).toEqual([["zfront", 200]]);
  expect(await ask({ kind: "access", grep: "/a#22b" })).toHaveLength(1);
  expect(await ask({ kind: "access", service: "garden" })).toEqual([]);
});

test("who follows gets what is there, then what comes, also from a host that is new; nothing is missing between", async () => {
  const abort = new AbortController();
  const query = LogQuery.parse({ follow: "true", limit: "1", host: "zfront" });
  const seen: string[] = [];
  const busy = setInterval(
    () => appendFileSync(join(store, "zfront", `${today}.jsonl`), line(today, 8, `n${count++}`)),
    5,
  );
  let count = 0;
  for await (const some of readLog(query, { ...options, signal: abort.signal })) {
    seen.push(...some.map(({ line: { msg } }) => String(msg)));
    if (seen.length > 60) abort.abort();
  }
  clearInterval(busy);
  const numbers = seen.slice(1).map((msg) => Number(msg.slice(1)));
  expect(numbers.every((n, index) => index === 0 || n === (numbers[index - 1] ?? 0) + 1)).toBe(true);

  const again = new AbortController();
  setTimeout(() => {
    mkdirSync(join(store, "zmah1"));
    writeFileSync(join(store, "zmah1", `${today}.jsonl`), line(today, 9, "new here"));
  }, 100);
  for await (const some of readLog(LogQuery.parse({ follow: "true", limit: "1" }), {
    ...options,
    signal: again.signal,
  }))
    if (texts(some).includes("zmah1 new here")) again.abort();
  expect(again.signal.aborted).toBe(true);
});
