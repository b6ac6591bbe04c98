import { createSocket } from "node:dgram";

/** A time server of stratum 1 (RFC 5905, 7.3) whose clock is wrong by so many seconds, as a program: `ADDRESS SECONDS`. */
const [, , at = "", seconds = "0"] = process.argv;
/** From NTP's era to Unix time's. */
const era = 2_208_988_800;

function stamp(): Buffer {
  const now = Date.now() / 1_000 + Number(seconds) + era;
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(Math.floor(now) % 2 ** 32, 0);
  bytes.writeUInt32BE(Math.floor((now % 1) * 2 ** 32), 4);
  return bytes;
}

const socket = createSocket("udp4");
socket.on("message", (request, from) => {
  const received = stamp();
  const head = Buffer.from([0x24, 1, request.readUInt8(2), 0xf6, 0, 0, 0, 0, 0, 0, 0, 66]);
  const reply = [head, Buffer.from("TEST"), received, request.subarray(40, 48), received, stamp()];
  socket.send(Buffer.concat(reply), from.port, from.address);
});
socket.bind(123, at, () => process.stdout.write("ready\n"));
