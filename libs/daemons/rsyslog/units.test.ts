import { golden } from "@zcloud/testing";
import { expect, test } from "vitest";
import { renderReceiverUnit, renderRewind, renderSenderUnit } from "./units.ts";

test("the units are the golden ones; only a front's sender may write where HAProxy is locked into", () => {
  const at = (name: string) => new URL(`golden/${name}`, import.meta.url);
  golden(at("zcloud-log-sender.service"), renderSenderUnit(undefined));
  golden(at("zcloud-log-receiver.service"), renderReceiverUnit());
  golden(at("rewind"), renderRewind(false));
  golden(at("rewind-zfront"), renderRewind(true));
  const front = renderSenderUnit("/var/lib/haproxy/dev");
  expect(front.replace("ReadWritePaths=/var/lib/haproxy/dev\n", "")).toBe(renderSenderUnit(undefined));
});
