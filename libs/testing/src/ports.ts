import { createServer, type Server } from "node:net";

/**
 * Below what Linux gives to outgoing connections (ip_local_port_range, 32768 and up by default): a port from there may
 * be somebody's between the moment it is found free and the moment the daemon binds it.
 */
const range = { first: 12_000, blocks: 200, size: 100 };

interface Block {
  /** Listens on the block's first port as long as this process lives, so that no other test takes the block. */
  readonly guard: Server;
  next: number;
  readonly end: number;
}

let block: Promise<Block> | undefined;

/** A TCP port of loopback that nobody uses now, and that no other test gets. */
export async function freePort(address?: string): Promise<number> {
  const [port] = await freePorts(1, address);
  if (port === undefined) throw new Error("find a free port: there is none");
  return port;
}

/** TCP ports of loopback that nobody uses now, and that no other test gets; all different, and new ones at each call. */
export async function freePorts(count: number, address = "127.0.0.1"): Promise<readonly number[]> {
  block ??= claimBlock();
  const mine = await block;
  const found: number[] = [];
  while (found.length < count) {
    if (mine.next >= mine.end) throw new Error(`find a free port: the ${range.size} of this process are used up`);
    const port = mine.next;
    mine.next += 1;
    const server = await listen(port, address);
    if (server === undefined) continue;
    await new Promise((resolve) => server.close(resolve));
    found.push(port);
  }
  return found;
}

/** The first block whose guard nobody holds; where the search begins differs by process. */
async function claimBlock(): Promise<Block> {
  for (let tried = 0; tried < range.blocks; tried += 1) {
    const first = range.first + ((process.pid + tried) % range.blocks) * range.size;
    const guard = await listen(first, "127.0.0.1");
    if (guard !== undefined) return { guard: guard.unref(), next: first + 1, end: first + range.size };
  }
  throw new Error(`find free ports: all blocks from ${range.first} on are taken`);
}

/** Undefined if somebody has the port. */
function listen(port: number, address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(port, address, () => resolve(server));
  });
}
