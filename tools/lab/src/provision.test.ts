import { hostOf } from "@zcloud/map";
import { describe, expect, test } from "vitest";
import { LabNameError, layout } from "./layout.ts";
import { provisionedFiles } from "./provision.ts";
import { labMap } from "./sample.testing.ts";
import { renderSshConfig } from "./ssh-config.ts";

const operatorKey = "ssh-ed25519 AAAATHELABSOWN";
const files = provisionedFiles({
  map: labMap,
  host: hostOf(labMap, "south/zpod1"),
  operatorKey,
  debianTrust: "DEBIAN\n",
  trust: new Map([["lab-internet.crt", "LAB\n"]]),
});
const content = (path: string) => files.get(path)?.content;

describe("provisionedFiles", () => {
  test("a host knows itself and who may log in and sign", () => {
    expect(content("/etc/hostname")).toBe("zpod1.south\n");
    expect(JSON.parse(content("/etc/zcloud/host.json") ?? "")).toEqual({ id: "south/zpod1" });
    expect(files.get("/root/.ssh/authorized_keys")).toEqual({ content: `${operatorKey}\n`, mode: 0o600 });
    expect(content("/etc/zcloud/operators")).toMatch(new RegExp(`^lab namespaces="zcloud-map" ${operatorKey}$`, "m"));
  });

  test("it asks its own site's zNet first and the public resolver next, soon", () => {
    expect(content("/etc/resolv.conf")?.split("\n").slice(0, 2)).toEqual([
      "nameserver 10.64.2.2",
      "nameserver 192.0.2.53",
    ]);
    expect(content("/etc/resolv.conf")).toContain("timeout:1 attempts:1");
  });

  test("a zcloud needs no VM to resolve names", () => {
    const input = { map: labMap, operatorKey, debianTrust: "", trust: new Map<string, string>() };
    const resolv = provisionedFiles({ ...input, host: hostOf(labMap, "south/zcloud") }).get("/etc/resolv.conf");
    expect(resolv?.content).toMatch(/^nameserver 192\.0\.2\.53\n/);
    expect(resolv?.content).not.toContain("10.64.2.2");
  });

  test("the lab's authorities are trusted beside Debian's", () => {
    expect(content("/etc/ssl/certs/ca-certificates.crt")).toBe("DEBIAN\nLAB\n");
    expect(content("/usr/local/share/ca-certificates/lab-internet.crt")).toBe("LAB\n");
  });
});

describe("layout", () => {
  test("SSH's control sockets fit into a socket address", () => {
    // %C is 40 hex digits; ssh adds a random suffix of 17 while it makes the socket.
    expect(`${layout("abcdefghijklmnop").sockets}/${"x".repeat(40 + 17)}`.length).toBeLessThan(108);
  });

  test.each(["", "Lab", "a-b", "../x", "abcdefghijklmnopq", "1a"])("%j can't name a lab", (name) => {
    expect(() => layout(name)).toThrow(LabNameError);
  });
});

describe("renderSshConfig", () => {
  test("VMs are reached through their own zcloud, and no host key is trusted blindly", () => {
    const text = renderSshConfig(labMap, layout("t"), "/busybox");
    const south = text.split(/^(?=Host )/m).find((block) => block.startsWith("Host south/zpod1\n"));
    expect(south).toContain("HostName 10.64.2.17");
    expect(south).toMatch(/ProxyCommand ssh -F \S+ -W \[%h\]:%p south\/zcloud/);
    expect(text).toContain("StrictHostKeyChecking yes");
  });
});
