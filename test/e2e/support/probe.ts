/**
 * Whether packets get through, as seen from wherever this is started: `probe.ts '[{"address":"10.64.1.2","protocol":"tcp","port":53}]'`
 * prints a JSON array of `open` (something answered: data, a handshake, or a refusal by the machine itself) and `dropped`
 * (silence, or no way there).
 */
import { createSocket } from "node:dgram";
import { connect } from "node:net";

export interface Probe {
  readonly address: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}
export type Verdict = "open" | "dropped";

/** Milliseconds of silence that count as dropped: the lab's round trip is far below one. */
const silence = 1_500;
/** A DNS query for the root's name servers, which a resolver answers; any other UDP service's machine refuses or ignores it. */
const query = Buffer.from("000001000001000000000000 00 0002 0001".replaceAll(" ", ""), "hex");
/** A client's question for the time (RFC 5905, 7.3): version 4, mode 3, all else empty. A time server ignores anything else. */
const timeQuery = Buffer.concat([Buffer.from([0x23]), Buffer.alloc(47)]);

function tcp({ address, port }: Probe): Promise<Verdict> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (verdict: Verdict): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(verdict);
    };
    const timer = setTimeout(() => end("dropped"), silence);
    socket.once("connect", () => end("open"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED" ? "open" : "dropped"));
  });
}

function udp({ address, port }: Probe): Promise<Verdict> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (verdict: Verdict): void => {
      clearTimeout(timer);
      socket.close();
      resolve(verdict);
    };
    const timer = setTimeout(() => end("dropped"), silence);
    socket.once("message", () => end("open"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED" ? "open" : "dropped"));
    socket.connect(port, address, () => socket.send(port === 123 ? timeQuery : query));
  });
}

const argument = process.argv[2];
if (argument !== undefined && process.argv[1]?.endsWith("probe.ts")) {
  const probes = JSON.parse(argument) as Probe[];
  const verdicts = await Promise.all(probes.map((probe) => (probe.protocol === "tcp" ? tcp(probe) : udp(probe))));
  process.stdout.write(JSON.stringify(verdicts));
}
