import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ask } from "../../../libs/daemons/haproxy/client.test-support.ts";
import {
  type Backend,
  endpoint,
  startBackend,
  startSilence,
  twoFronts,
} from "../../../libs/daemons/haproxy/two-fronts.test-support.ts";
import { limited, type Row } from "./results.ts";

/** GETs of a visitor from the moment of the failure on, one after the other, as the issue counts them. */
const gets = 10;

/** What happens to the local server; returns how to undo it. */
type Break = (server: Backend) => Promise<() => void> | (() => void);

/** A local server, and how it fails: `fail` resolves to what undoes it. */
interface Victim {
  readonly port: number;
  fail(): Promise<() => void> | (() => void);
  stop(): void;
}

type Failure = () => Promise<Victim>;

const killable =
  (how: Break): Failure =>
  async () => {
    const server = await startBackend("north");
    return { port: server.port, fail: () => how(server), stop: () => server.kill("SIGKILL") };
  };

/** Its health check stays good, and from some moment on it answers everything else by 500. */
async function fiveHundreds(): Promise<Victim> {
  let broken = false;
  const server = createServer((request, response) => {
    response.writeHead(broken && request.headers["user-agent"] !== "zcloud-check" ? 500 : 200).end("north");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fail = () => {
    broken = true;
    return () => {};
  };
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, fail, stop };
}

const failures: Readonly<Record<string, Failure>> = {
  "kill -9": killable((server) => {
    server.kill("SIGKILL");
    return () => {};
  }),
  SIGSTOP: killable((server) => {
    server.kill("SIGSTOP");
    return () => server.kill("SIGKILL");
  }),
  "500s with opt-in": fiveHundreds,
  // Its port takes packets and never answers, as the address of a host without power does.
  "power-off (its port swallows packets)": killable(async (server) => {
    server.kill("SIGKILL");
    await new Promise((resolve) => server.process.once("exit", resolve));
    const { end } = await startSilence(server.port);
    return end;
  }),
};

/** GETs that fail at one front of two while its local server fails, with the application at both sites. */
export async function failed(quick: boolean): Promise<readonly Row[]> {
  const sites = await twoFronts();
  const south = await startBackend("south");
  const rows: Row[] = [];
  try {
    for (const [what, failure] of Object.entries(failures)) {
      const rounds = quick ? 2 : 10;
      let bad = 0;
      for (let round = 0; round < rounds; round += 1) bad += await once(sites, south, failure);
      rows.push(limited(`failed GETs of ${gets} at ${what}, mean of ${rounds} rounds`, bad / rounds, 0));
    }
  } finally {
    south.kill("SIGKILL");
    sites.remove();
  }
  return rows;
}

async function once(
  { north, south }: Awaited<ReturnType<typeof twoFronts>>,
  peer: Backend,
  failure: Failure,
): Promise<number> {
  const server = await failure();
  const name = "bench.demo.lab.example";
  const options = { answersWithin: 500, http: { retry500: true } } as const;
  const own = endpoint("north", "bench", [server.port], options);
  const theirs = endpoint("south", "bench", [peer.port], options);
  await south.serve([theirs], [own]);
  await north.serve([own], [theirs]);
  await served(north.ports.https, name, "north");
  const undo = await server.fail();
  let bad = 0;
  for (let get = 0; get < gets; get += 1) {
    const status = await ask(north.ports.https, name).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status !== 200) bad += 1;
  }
  undo();
  server.stop();
  return bad;
}

/** Until the site itself serves the name. */
async function served(port: number, name: string, site: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await ask(port, name).catch(() => undefined);
    if (answer?.status === 200 && answer.headers["x-zcloud-site"] === site) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} is not served by ${site} after 10 s`);
}
