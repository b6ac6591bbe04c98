import { Readable } from "node:stream";
import { LogQuery, readLog, type TimedLine } from "@zcloud/daemons/logstore";
import { storeDirectory } from "@zcloud/daemons/rsyslog";
import type { RoleContext } from "@zcloud/service";
import * as z from "zod";
import type { App } from "./answers.ts";

/** So many at a time: each reads files and may hold a follower's processes. */
const mostReaders = 8;
/** Characters that go out at once. */
const portion = 32_768;

/**
 * The site's log: a JSON object a line, in order of time, for as long as the reader stays. `host` and `kind` are the
 * store's word, the rest is what the host wrote.
 */
export function logRoutes(app: App, ctx: RoleContext, store = storeDirectory): void {
  let readers = 0;
  app.get("/v1/logs", (request, reply) => {
    const parsed = LogQuery.safeParse(request.query);
    if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) });
    if (readers >= mostReaders)
      return reply.code(429).send({ error: `${readers} others read the log; try again when one has ended` });
    readers += 1;
    const gone = new AbortController();
    reply.raw.once("close", () => {
      readers -= 1;
      gone.abort();
    });
    const signal = AbortSignal.any([ctx.signal, gone.signal]);
    const lines = readLog(parsed.data, { host: ctx.host, clock: ctx.clock, store, signal });
    return reply.type("application/x-ndjson").send(Readable.from(texts(lines, ctx.view().site.name)));
  });
}

async function* texts(
  portions: AsyncGenerator<readonly TimedLine[], void, undefined>,
  site: string,
): AsyncGenerator<string, void, undefined> {
  let text = "";
  for await (const lines of portions) {
    for (const { host, kind, line } of lines) {
      text += `${JSON.stringify({ ...line, host: `${site}/${host}`, kind })}\n`;
      if (text.length < portion) continue;
      yield text;
      text = "";
    }
    if (text !== "") yield text;
    text = "";
  }
}
