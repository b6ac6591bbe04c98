import { expect, test } from "vitest";
import { parseBackends, parseCrtList, parseFingerprint, parseInfo, parseMap, parseServers } from "./parse.ts";
import { requestText } from "./runtime.ts";

// Outputs of HAProxy 3.0.11, shortened.
const state = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port
3 e1 7 s0 127.0.0.1 0 5 1 1 9
3 e1 8 s1 127.0.0.2 2 12 1 1 99`;
const stat = `# pxname,svname,qcur,scur,status,used_conn_cur
e1,s0,0,0,MAINT,0
e1,s1,0,2,DRAIN,3`;

test("servers: maintenance and drain are bits, columns go by name", () => {
  const servers = parseServers(state, stat);
  expect(servers.get("e1")?.get("s0")).toEqual({
    address: "127.0.0.1",
    port: 9,
    maintenance: true,
    draining: false,
    busy: 0,
    status: "MAINT",
  });
  expect(servers.get("e1")?.get("s1")).toEqual({
    address: "127.0.0.2",
    port: 99,
    maintenance: false,
    draining: true,
    busy: 3,
    status: "DRAIN",
  });
  expect(parseServers("1", "")).toEqual(new Map());
});

test("maps, backends, info, certificates", () => {
  expect(parseMap("0x55d4 a.example 7\n0x55d5 b.example 8")).toEqual(
    new Map([
      ["a.example", "7"],
      ["b.example", "8"],
    ]),
  );
  expect(parseMap("")).toEqual(new Map());
  expect(() => parseMap("Unknown map identifier. Please use #<id> or <file>.")).toThrow(/show map/);
  expect(parseBackends("# name\ne1\nl1")).toEqual(new Set(["e1", "l1"]));
  expect(parseInfo("Pid: 42\ndescription: zcloud-ab\nnode: x").get("description")).toBe("zcloud-ab");
  expect(parseCrtList("# /etc/haproxy/crt.list\n/a/b.pem\n/a/c.pem x.example")).toEqual(["/a/b.pem", "/a/c.pem"]);
  expect(parseFingerprint("Status: Used\nSHA1 FingerPrint: ECD2997A\nSubject: /CN=a")).toBe("ECD2997A");
  expect(parseFingerprint("Can't display the certificate: Not found or the certificate is a bundle!")).toBeUndefined();
});

test("a payload ends at its first empty line, so it gets none", () => {
  expect(requestText("set ssl cert x", "a\n\nb\r\n\n")).toBe("set ssl cert x <<\na\nb\n\n");
  expect(requestText("show info", undefined)).toBe("show info\n");
});
