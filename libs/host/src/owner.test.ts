import { expect, test } from "vitest";
import { ownerName, parseOwner } from "./owner.ts";

const passwd = "root:x:0:0:root:/root:/bin/bash\nhaproxy:x:101:102::/var/lib/haproxy:/usr/sbin/nologin\n";
const group = "root:x:0:\nssl-cert:x:110:haproxy\n";

test.each([
  ["haproxy", { uid: 101, gid: -1 }],
  ["haproxy:ssl-cert", { uid: 101, gid: 110 }],
  [":ssl-cert", { uid: -1, gid: 110 }],
  ["300000:300000", { uid: 300_000, gid: 300_000 }],
])("%s", (text, owner) => {
  expect(parseOwner(text, passwd, group)).toEqual(owner);
});

test("names that aren't there are errors", () => {
  expect(() => parseOwner("unbound", passwd, group)).toThrow("no user unbound");
  expect(() => parseOwner("root:unbound", passwd, group)).toThrow("no group unbound");
  expect(() => parseOwner("rootx", passwd, group)).toThrow("no user rootx");
});

test("ids are said by name, and by number where nobody has them", () => {
  expect(ownerName(101, 110, passwd, group)).toBe("haproxy:ssl-cert");
  expect(ownerName(0, 4711, passwd, group)).toBe("root:4711");
});
