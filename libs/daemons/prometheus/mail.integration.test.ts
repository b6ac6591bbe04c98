import { createTestCa, eventually, freePorts, type TestCertificate, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredAlertmanager, desiredPrometheus } from "./index.ts";
import { fileIn, type Kept, keep, map, placesIn, serve } from "./monitor.test-support.ts";
import { type MailServer, serveMail } from "./smtp.test-support.ts";

const root = tempDir();
const mail = { to: ["robin@example.net", "kim@example.net"], from: "zcloud@example.net", user: "zcloud" };
const account = { user: "zcloud", password: "s3cret" };
let prometheus: Kept;
let alertmanager: Kept;
let certificate: TestCertificate;
let ports: number[];
let server: MailServer;

const told = (server: MailServer, status: string) =>
  server.mails.filter(({ headers }) => headers.includes(`[${status}]`));

beforeAll(async () => {
  certificate = createTestCa(`${root}/ca`)("mail", "DNS:localhost");
  const [own = 0, manager = 0, ...others] = await freePorts(6);
  ports = others;
  prometheus = keep("prometheus", placesIn(root, "prometheus", own));
  const trusted = { SSL_CERT_FILE: fileIn(root, "ca.pem", certificate.ca) };
  alertmanager = keep("alertmanager", placesIn(root, "alertmanager", manager), trusted);
  server = await serveMail(ports[0] ?? 0, { ...certificate, ...account });
});

afterAll(() => {
  prometheus.kill();
  alertmanager.kill();
  server.close();
});

/** As the map says it, but faster. */
function teller(port: number | undefined, password = "s3cret\n") {
  const alerts = { mail: { ...mail, smarthost: `localhost:${port}` } };
  const secrets = { mailPassword: password, webhookUrl: undefined };
  const wanted = desiredAlertmanager({ ...map, alerts }, secrets, alertmanager.places);
  return { ...wanted, config: hurry(wanted.config) };
}

const hurry = (text = ""): string =>
  text.replaceAll("12h", "2s").replaceAll("30s", "1s").replaceAll("5m", "2s").replaceAll("10s", "1s");

/** A site whose VMs all answer at one address, or nobody does; each is told of after a second. */
function site(at: string) {
  const targets = { service: () => at, node: () => at, haproxy: () => at };
  const own = { prometheus: prometheus.places.listen, alertmanager: alertmanager.places.listen };
  const alerts = { mail: { ...mail, smarthost: `localhost:${ports[0]}` } };
  const wanted = desiredPrometheus({ ...map, alerts }, "north", prometheus.places, { ...targets, ...own });
  const [[path, rules] = ["", undefined]] = [...wanted.aside];
  const quick = (rules?.content ?? "").replaceAll(/for: \d+[mhd]/g, "for: 1s");
  return { ...wanted, aside: new Map([[path, { content: quick, mode: 0o644 }]]), config: hurry(wanted.config) };
}

test("a firing alert comes as a mail to all, over TLS and with a log-in: what, where, since when, and where the runbook is", async () => {
  await alertmanager.pass(teller(ports[0]));
  await prometheus.pass(site("127.0.0.1:1"));
  const gone = () => told(server, "FIRING").find(({ headers }) => headers.includes("north: VmGone"));
  await eventually("the mail is there", () => gone() !== undefined, 40_000);
  const first = gone();
  expect(first?.from).toBe("zcloud@example.net");
  expect(first?.to).toEqual(mail.to);
  expect(first?.headers).toMatch(/^Subject: \[FIRING\] north: VmGone \(\d\)$/m);
  expect(first?.text).toContain("north/zpod1 does not answer: neither its service nor its operating system");
  expect(first?.text).toMatch(
    /firing since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, critical, docs\/operations\.md#vmgone$/m,
  );
  expect(server.inClear()).not.toMatch(/AUTH|MAIL|zcloud@/);
});

test("when it is over, a mail says so", async () => {
  const port = ports[1] ?? 0;
  const answering = await serve(port, (_request, response) => response.end("# nothing\n"));
  await prometheus.pass(site(`127.0.0.1:${port}`));
  const over = () => told(server, "RESOLVED").find(({ headers }) => headers.includes("north: VmGone"));
  await eventually("the mail is there", () => over() !== undefined, 40_000);
  expect(over()?.text).toContain("resolved since");
  answering.close();
});

test("a wrong password, or a server without TLS: nothing is sent, nothing is said in clear, and a number tells", async () => {
  await alertmanager.pass(teller(ports[0], "old"));
  await prometheus.pass(site("127.0.0.1:1"));
  await eventually("it is refused", () => server.refused() > 0, 40_000);
  const before = server.mails.length;
  const plain = await serveMail(ports[2] ?? 0, { ...certificate, ...account, tls: false });
  await alertmanager.pass(teller(ports[2]));
  await eventually("it was tried without TLS", () => plain.inClear().includes("EHLO"), 40_000);
  await eventually(
    "the failures are counted",
    async () =>
      /^alertmanager_notifications_failed_total\{integration="email"[^}]*\} [1-9]/m.test(
        await alertmanager.get("/metrics"),
      ),
    40_000,
  );
  expect(plain.inClear()).not.toMatch(/AUTH|s3cret|MAIL/);
  expect([server.mails.length, plain.mails.length]).toEqual([before, 0]);
  plain.close();
});
