import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostOf } from "@zcloud/map";
import { createTestCa, debian, eventually, startDaemon, type TestCertificate, tempDir } from "@zcloud/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeNetwork, type Network } from "../resolver/namespaces.test-support.ts";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { chronyPlaces, renderChrony } from "./render.ts";

const address = "192.0.2.53";
const lab = labMap();
const map = { ...lab, ntp: { servers: [], nts: [address] } };

let root: string;
let network: Network;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  root = tempDir();
  network = makeNetwork({ world: address, znet: "10.64.1.2" });
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  network.remove();
});

/** chronyd in a namespace, which never sets the clock. */
async function chronyd(where: string, lines: readonly string[]): Promise<void> {
  const file = join(root, `${where}.conf`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  mkdirSync(join(root, where), { mode: 0o700 });
  const argv = network.inside(where, ...debian("/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", file));
  const daemon = await startDaemon(argv, /chronyd version/);
  ends.push(() => daemon.stop());
}

/** A server of stratum 1 that offers NTS (RFC 8915) under this certificate. */
function worldClock({ cert, key }: TestCertificate): Promise<void> {
  const state = join(root, "world");
  const kept = (name: string, content: string): string => {
    writeFileSync(join(root, name), content, { mode: 0o600 });
    return join(root, name);
  };
  return chronyd("world", [
    ...[
      `ntsservercert ${kept("time.pem", cert)}`,
      `ntsserverkey ${kept("time-key.pem", key)}`,
      `ntsdumpdir ${state}`,
      `pidfile ${state}/pid`,
    ],
    ...[`bindcmdaddress ${state}/sock`, "cmdport 0", "local stratum 1", "allow all", `bindaddress ${address}`],
  ]);
}

/** The golden configuration's own lines, with a test authority instead of the world's. */
async function znetClock(authority: string): Promise<void> {
  const state = join(root, "znet");
  const text = renderChrony(map, hostOf(map, "north/znet"), { ...chronyPlaces, state, run: state });
  await chronyd("znet", [text.replace(" nts", " nts minpoll 0 maxpoll 0"), `ntstrustedcerts ${authority}`]);
  await eventually("it answers", async () => existsSync(join(state, "chronyd.sock")));
}

/** What chronyc tells as fields. */
function ask(...command: string[]): string[] {
  // On its unix socket: keys are told to no other.
  const [program, ...args] = debian("/usr/bin/chronyc", "-h", join(root, "znet/chronyd.sock"), "-c", "-n", ...command);
  return execFileSync(program, args, { encoding: "utf8" }).trim().split(",");
}

test("znet takes time under NTS from a server that offers it", async () => {
  await worldClock(createTestCa(root)("time", `IP:${address}`));
  await znetClock(join(root, "ca.crt"));
  await eventually("znet follows it", () => ask("tracking")[2] === "2");
  const [server, mode, , , bits] = ask("authdata");
  expect({ server, mode, bits: Number(bits) > 0 }).toEqual({ server: address, mode: "NTS", bits: true });
});

test("a server whose certificate is nobody's is not believed", async () => {
  const foreign = join(root, "foreign");
  mkdirSync(foreign);
  createTestCa(root);
  await worldClock(createTestCa(foreign)("time", `IP:${address}`));
  await znetClock(join(root, "ca.crt"));
  await eventually("it tried to get keys", () => Number(ask("authdata")[6]) >= 1);
  expect(ask("authdata").slice(0, 5)).toEqual([address, "NTS", "0", "0", "0"]);
  // It goes on by its own clock, as with the world away.
  expect(ask("tracking")[2]).not.toBe("2");
});
