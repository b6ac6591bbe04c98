import { expect, test } from "vitest";
import { missingSecrets } from "./metrics-part.ts";

const mail = { to: ["robin@example.net"], from: "zcloud@example.net", smarthost: "mail.example.net:587" };
const none = { mailPassword: undefined, webhookUrl: undefined };
const what = (...args: Parameters<typeof missingSecrets>) => missingSecrets(...args).map((problem) => problem.what);

test("who has a user needs a password, a webhook without an address needs one; each is named with its file", () => {
  expect(what({ mail: { ...mail, user: "zcloud" }, webhook: {} }, none)).toEqual([
    "nobody is told of alerts by mail: there is no /etc/zcloud/secrets/alerts-mail-password",
    "nobody is told of alerts by webhook: there is no /etc/zcloud/secrets/alerts-webhook-url",
  ]);
  expect(missingSecrets({ webhook: {} }, none)[0]?.remedy).toContain("install -D -m 600");
});

test("what is there, or not needed, is not missing", () => {
  const there = { mailPassword: "secret", webhookUrl: "https://alerts.example.net/in" };
  expect(what({ mail: { ...mail, user: "zcloud" }, webhook: {} }, there)).toEqual([]);
  expect(what({ mail, webhook: { url: "https://alerts.example.net/in" } }, none)).toEqual([]);
  expect(what({}, none)).toEqual([]);
});
