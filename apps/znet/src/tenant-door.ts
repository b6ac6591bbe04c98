import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readLog, type TimedLine } from "@zcloud/daemons/logstore";
import type { ZMap } from "@zcloud/map";
import type { RoleContext } from "@zcloud/service";
import { shown, tenantQuery } from "./tenant-query.ts";

export interface TenantDoorOptions extends Pick<RoleContext, "host" | "clock" | "signal"> {
  readonly store: string;
  readonly site: string;
  map(): ZMap;
  /** Somebody asked: who, and how it was answered. */
  asked(tenant: string | undefined, status: number): void;
}

export interface TenantDoor {
  /** Throws where the address isn't there (yet). */
  open(address: string, port: number): Promise<void>;
  close(): Promise<void>;
  isOpen(): boolean;
  /** Ends the answers to those whose token the map does not have any more. */
  mapChanged(): void;
}

/** Answers at a time: each holds processes that read files. An operator's own are not counted here (log-routes.ts). */
const most = 8;
const mostOfTenant = 2;
/** Milliseconds after which an answer ends, followed or not. */
const longest = 12 * 3_600_000;
/** Characters that go out at once. */
const portion = 32_768;

interface Reader {
  readonly tenant: string;
  readonly hash: string;
  readonly stop: AbortController;
}

/**
 * Where tenants read their own log lines: `GET /SITE/?project=&service=&since=&grep=&follow=`, with `authorization: Bearer TOKEN`.
 * The site's front alone reaches it. Whose lines they are is said by the token, and by nothing else in the request.
 */
export function createTenantDoor(options: TenantDoorOptions): TenantDoor {
  const { site, map } = options;
  const readers = new Set<Reader>();
  let server: Server | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(`http://znet${request.url ?? "/"}`);
    const path = url.pathname.replace(/\/$/, "");
    if (path === `/${site}/healthz`) return refuse(response, 200, "here");
    if (path !== `/${site}`) return refuse(response, 404, `there is nothing here but /${site}/`);
    if (request.method !== "GET") return refuse(response, 405, "ask by GET");
    const hash = hashOf(request.headers.authorization);
    const tenant = tenantOfToken(map(), hash);
    if (tenant === undefined) {
      response.setHeader("www-authenticate", 'Bearer realm="logs"');
      options.asked(undefined, 401);
      return refuse(response, 401, "say a token that your host gave you: authorization: Bearer TOKEN");
    }
    const asked = tenantQuery(tenant, url.searchParams, options.clock.now());
    const open = [...readers].filter((reader) => reader.tenant === tenant).length;
    const status = asked.ok ? (open >= mostOfTenant || readers.size >= most ? 429 : 200) : 400;
    options.asked(tenant, status);
    if (!asked.ok) return refuse(response, 400, asked.error);
    if (status === 429)
      return refuse(response, 429, "too many of your questions are open; try again when one has ended");
    const reader: Reader = { tenant, hash, stop: new AbortController() };
    readers.add(reader);
    response.once("close", () => reader.stop.abort());
    const signal = AbortSignal.any([options.signal, reader.stop.signal, AbortSignal.timeout(longest)]);
    try {
      response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
      response.flushHeaders();
      const lines = readLog(asked.query, { ...options, signal });
      await pipeline(Readable.from(texts(lines, tenant, site)), response, { signal });
    } catch (error) {
      response.destroy();
      if (!signal.aborted) throw error;
    } finally {
      readers.delete(reader);
    }
  }

  return {
    isOpen: () => server !== undefined,
    async open(address, port) {
      const one = createServer({ maxHeaderSize: 16_384, headersTimeout: 10_000 }, (request, response) => {
        answer(request, response).catch((error: unknown) => {
          options.asked(undefined, 500);
          if (!response.headersSent) refuse(response, 500, "the log can't be read; tell your host");
          else response.destroy(error instanceof Error ? error : undefined);
        });
      });
      one.maxConnections = 256;
      await new Promise<void>((resolve, reject) => {
        one.once("error", reject);
        one.listen({ host: address, port }, resolve);
      });
      server = one;
    },
    async close() {
      const one = server;
      server = undefined;
      for (const { stop } of readers) stop.abort();
      one?.closeAllConnections();
      await new Promise<void>((resolve) => (one === undefined ? resolve() : one.close(() => resolve())));
    },
    mapChanged() {
      for (const { tenant, hash, stop } of readers) if (tenantOfToken(map(), hash) !== tenant) stop.abort();
    },
  };
}

/** Of a bearer's token; empty where there is none. */
function hashOf(authorization = ""): string {
  const [, token = ""] = /^Bearer ([\w-]{20,200})$/i.exec(authorization) ?? [];
  return token === "" ? "" : createHash("sha256").update(token).digest("hex");
}

function tenantOfToken(map: ZMap, hash: string): string | undefined {
  return hash === "" ? undefined : map.tenants.find(({ tokens }) => tokens.includes(hash))?.name;
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(status === 200 ? { ok: true } : { error })}\n`);
}

async function* texts(
  portions: AsyncGenerator<readonly TimedLine[], void, undefined>,
  tenant: string,
  site: string,
): AsyncGenerator<string, void, undefined> {
  let text = "";
  for await (const lines of portions) {
    for (const { kind, line } of lines) {
      const mine = shown(tenant, site, kind, line);
      if (mine === undefined) continue;
      text += `${JSON.stringify(mine)}\n`;
      if (text.length < portion) continue;
      yield text;
      text = "";
    }
    if (text !== "") yield text;
    text = "";
  }
}
