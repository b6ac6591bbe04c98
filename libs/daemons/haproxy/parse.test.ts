import { expect, test } from "vitest";
import {
  mapReading,
  parseBusy,
  parseFingerprint,
  parseInfo,
  pathReading,
  type Reading,
  serverReading,
} from "./parse.ts";
import { requestText } from "./session.ts";

/** Line by line, as the worst of cuts would give it. */
function readAll<T>(reading: Reading<T>, text: string): T {
  for (const line of text.split("\n")) reading.read(`${line}\n`);
  return reading.end();
}

// Outputs of HAProxy 3.0.11, shortened.
const state = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_port srvrecord
2 link 1 south 127.0.0.1 2 0 1 1 77 9546 -
3 e1 7 s0 127.0.0.1 0 5 1 1 77 9 -
3 e1 8 s1 127.0.0.2 2 8 1 1 77 99 -
4 l1 7 s0 127.0.0.3 0 0 1 1 77 8 -
5 e2 7 s0 127.0.0.3 2 2 1 1 77 8 -`;

test("servers: maintenance and drain are bits, columns go by name, other backends than slots are left out", () => {
  const { servers, resting } = readAll(serverReading(new Map()), state);
  expect([...servers.keys()]).toEqual(["e1", "l1", "e2"]);
  const one = { address: "127.0.0.1", port: 9, maintenance: true, draining: false, busy: 0, status: "MAINT" };
  expect(servers.get("e1")?.get("s0")).toEqual(one);
  const two = { address: "127.0.0.2", port: 99, maintenance: false, draining: true, busy: 0, status: "DRAIN" };
  expect(servers.get("e1")?.get("s1")).toEqual(two);
  expect(servers.get("l1")?.get("s0")?.status).toBe("DOWN");
  expect(servers.get("e2")?.get("s0")).toMatchObject({ status: "MAINT", maintenance: false });
  expect([...resting]).toEqual(["e1"]);
  expect(readAll(serverReading(new Map()), "1").servers).toEqual(new Map());
});

test("servers that are as before are the same objects, whatever else the lines say; others are not", () => {
  const before = readAll(serverReading(new Map()), state).servers;
  expect(readAll(serverReading(before), state.replaceAll(" 77 ", " 78 ")).servers).toBe(before);
  const down = readAll(serverReading(before), state.replace("127.0.0.2 2 8", "127.0.0.2 0 0")).servers;
  expect(down.get("e1")?.get("s1")?.status).toBe("DOWN");
  expect(down.get("e1")?.get("s0")).toBe(before.get("e1")?.get("s0"));
  expect(down.get("l1")).toBe(before.get("l1"));
  const fewer = readAll(serverReading(before), state.split("\n").slice(0, -1).join("\n")).servers;
  expect([...fewer.keys()]).toEqual(["e1", "l1"]);
  const other = readAll(serverReading(before), state.replace("e1 8 s1", "e1 8 s9")).servers;
  expect([...(other.get("e1")?.keys() ?? [])]).toEqual(["s0", "s9"]);
});

test("requests under way", () => {
  const stat = "# pxname,svname,qcur,scur,status,used_conn_cur\ne1,s0,0,0,MAINT,0\ne1,s1,0,2,DRAIN,3";
  expect(parseBusy(stat)).toEqual(
    new Map([
      ["s0", 0],
      ["s1", 3],
    ]),
  );
});

test("maps and lists: the same object while nothing changes, at any place", () => {
  const nothing = new Map<string, string>();
  const text = "0x55d4 a.example 7\n0x55d5 b.example 8\n0x55d6 c.example 9";
  const map = readAll(mapReading(nothing), text);
  expect([...map]).toEqual([
    ["a.example", "7"],
    ["b.example", "8"],
    ["c.example", "9"],
  ]);
  expect(readAll(mapReading(map), text.replaceAll("0x55d", "0x66a"))).toBe(map);
  expect([...readAll(mapReading(map), text.replace("8", "1")).values()]).toEqual(["7", "1", "9"]);
  expect([...readAll(mapReading(map), text.replace("0x55d5 b.example 8\n", "")).keys()]).toEqual([
    "a.example",
    "c.example",
  ]);
  expect([...readAll(mapReading(map), `${text}\n0x1 d.example 1`).keys()]).toHaveLength(4);
  expect(readAll(mapReading(map), "")).toEqual(new Map());
  expect(readAll(mapReading(nothing), "Unknown map identifier. Please use #<id> or <file>.")).toEqual(new Map());
  const list = readAll(pathReading(new Map()), "# /etc/haproxy/crt.list\n/a/b.pem\n/a/c.pem x.example\n");
  expect([...list.keys()]).toEqual(["/a/b.pem", "/a/c.pem"]);
});

test("info and certificates", () => {
  expect(parseInfo("Pid: 42\ndescription: zcloud-ab\nnode: x").get("description")).toBe("zcloud-ab");
  expect(parseFingerprint("Status: Used\nSHA1 FingerPrint: ECD2997A\nSubject: /CN=a")).toBe("ECD2997A");
  expect(parseFingerprint("Can't display the certificate: Not found or the certificate is a bundle!")).toBeUndefined();
});

test("a payload ends at its first empty line, so it gets none", () => {
  expect(requestText("set ssl cert x", "a\n\nb\r\n\n")).toBe("set ssl cert x <<\na\nb\n\n");
  expect(requestText("show info", undefined)).toBe("show info\n");
});
