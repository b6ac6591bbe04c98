import { createServer, type Server, type Socket } from "node:net";
import { freePorts } from "@zcloud/testing";

/** A server on loopback that ends and comes back at the same port, as a container does. */
export interface TcpServer {
  readonly port: number;
  /** Ends it, and every connection to it. */
  stop(): void;
  start(): Promise<void>;
}

export async function startTcpServer(serve: (socket: Socket) => void): Promise<TcpServer> {
  const [port = 0] = await freePorts(1);
  const sockets = new Set<Socket>();
  let server: Server;
  const one: TcpServer = {
    port,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    async start() {
      server = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => sockets.delete(socket));
        serve(socket);
      });
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    },
  };
  await one.start();
  return one;
}

/** PROXY protocol, version 2 (haproxy.org, proxy-protocol.txt, 2.2): signature, then 16 bytes of head with IPv4 addresses. */
const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

/**
 * What a connection's first bytes say: `127.0.0.77 -> :25`, `from` undefined where it is a check of HAProxy's own (command
 * LOCAL), and the bytes that the header takes. Undefined: no such header.
 */
export function proxyHeader(data: Buffer): { readonly from: string | undefined; readonly length: number } | undefined {
  if (data.length < 16 || !data.subarray(0, 12).equals(signature)) return undefined;
  const addresses = data.readUInt16BE(14);
  const from = addresses < 12 ? undefined : `${data.subarray(16, 20).join(".")} -> :${data.readUInt16BE(26)}`;
  return { from, length: 16 + addresses };
}
