import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostOf } from "@zcloud/map";
import { createTestCa, golden } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessSocket } from "../haproxy/settings.ts";
import { senderPlaces } from "./places.ts";
import { renderReceiver, renderSender } from "./render.ts";
import { map, rsyslogd } from "./rsyslog.test-support.ts";

const root = mkdtempSync(join(tmpdir(), "zc-logs-golden-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(() => {
  const { cert, key } = createTestCa(root)("host", "IP:127.0.0.1");
  writeFileSync(join(root, "host.crt"), cert);
  writeFileSync(join(root, "host.key"), key);
});

const host = (id: string) => hostOf(map, id);

test.each([
  ["receiver-north", renderReceiver(map, "north")],
  ["sender-north-zpod1", renderSender(map, host("north/zpod1"))],
  ["sender-south-zfront", renderSender(map, host("south/zfront"), { access: accessSocket })],
])("%s: rsyslogd itself accepts the golden configuration", (name, rendered) => {
  golden(new URL(`golden/${name}.conf`, import.meta.url), rendered);
  const path = join(root, `${name}.conf`);
  writeFileSync(path, rendered.replace(senderPlaces.state, root).replaceAll("/etc/zcloud/pki/", `${root}/`));
  const [program, ...args] = rsyslogd("-N1", "-f", path);
  expect(() => execFileSync(program, args, { stdio: "pipe" })).not.toThrow();
});
