import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { dirname } from "node:path";
import type { Host } from "@zcloud/host";
import { type FastifyInstance, fastify } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";

export interface HttpOptions {
  readonly host: Host;
  /** Path of the unix socket with the whole API. */
  readonly socket: string;
  readonly registry: Registry;
  /** Body of /readyz; 200 if `ready`, else 503. */
  readonly readiness: () => { readonly ready: boolean };
  readonly log: Logger;
}

export interface Http {
  /** The API from now on: the common routes and these. Can be replaced while listening. */
  use(routes: (app: FastifyInstance) => void): Promise<void>;
  /** The whole API, for root only. Call `use` first. */
  listenSocket(): Promise<void>;
  /** /healthz, /readyz, /metrics and these for the neighbours; returns the URL. Throws if the address isn't there (yet). */
  listenTcp(address: string, port: number, routes?: (app: FastifyInstance) => void): Promise<string>;
  /** Ends at once what is idle, and after half a second what is not. */
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Compose files and maps travel in bodies. */
const bodyLimit = 2 * 1024 * 1024;
const closeGrace = 500;

/** Bodies are parsed by zod. Fastify's own compilers (ajv, fast-json-stringify) would be loaded for nothing. */
const noJsonSchema = { buildValidator: refuseSchema, buildSerializer: refuseSchema };

function refuseSchema(): never {
  throw new Error("define a route: it has a JSON schema; parse its body with zod instead");
}

export function createHttp(options: HttpOptions): Http {
  const { host, socket } = options;
  const servers: Server[] = [];
  const apps: FastifyInstance[] = [];
  let current: FastifyInstance | undefined;

  async function readyApp(routes: (app: FastifyInstance) => void): Promise<FastifyInstance> {
    const app = createApp(options);
    routes(app);
    await app.ready();
    apps.push(app);
    return app;
  }

  async function listen(handler: Handler, where: { path: string } | { host: string; port: number }): Promise<Server> {
    const server = createServer(handler);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(where, resolve);
    });
    servers.push(server);
    return server;
  }

  return {
    async use(routes) {
      current = await readyApp(routes);
    },
    async listenSocket() {
      await host.run(["mkdir", "-p", "-m", "0700", dirname(socket)]);
      // A killed process leaves its socket, which can't be bound again; systemd keeps two of us from running.
      await host.remove(socket);
      // Fastify can't take routes once it listens, and a role's routes come later: so the server is ours.
      await listen((request, response) => current?.routing(request, response), { path: socket });
      await host.run(["chmod", "0600", socket]);
    },
    async listenTcp(address, port, routes = () => {}) {
      const app = await readyApp(routes);
      const server = await listen((request, response) => app.routing(request, response), { host: address, port });
      const bound = server.address() as AddressInfo;
      return `http://${isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`;
    },
    async close() {
      await Promise.all(servers.map(closeServer));
      await Promise.all(apps.map((app) => app.close()));
    },
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeGrace);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** The routes that every listener has. */
function createApp({ registry, readiness, log }: HttpOptions): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit, schemaController: { compilersFactory: noJsonSchema } });
  app.get("/healthz", () => ({ ok: true }));
  app.get("/readyz", (_request, reply) => {
    const body = readiness();
    return reply.code(body.ready ? 200 : 503).send(body);
  });
  app.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error, method: request.method, url: request.url }, "request failed");
    return reply.code(status).send({ error: error.message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `there is no ${request.method} ${request.url} here` }),
  );
  return app;
}
