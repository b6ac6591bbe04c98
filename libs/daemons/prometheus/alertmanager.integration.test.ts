import type { Server } from "node:http";
import { eventually, freePorts, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredAlertmanager, desiredPrometheus } from "./index.ts";
import { type Kept, keep, map, placesIn, serve } from "./monitor.test-support.ts";

interface Told {
  readonly status: string;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

let prometheus: Kept;
let alertmanager: Kept;
let receiver: Server;
let hook: string;
let refused = 0;
const told: Told[] = [];
const alerts = () => told.flatMap((message) => message.alerts);
const secretMap = { ...map, alerts: { webhook: {} } };
const nothing = { mailPassword: undefined, webhookUrl: undefined };

const hurry = (text = ""): string =>
  text.replaceAll("12h", "2s").replaceAll("30s", "1s").replaceAll("5m", "2s").replaceAll("10s", "1s");

beforeAll(async () => {
  const root = tempDir();
  const [own = 0, manager = 0, port = 0] = await freePorts(3);
  receiver = await serve(port, (request, response) => {
    if (request.url !== "/in?key=s3cret") {
      refused += 1;
      response.writeHead(401).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      told.push(JSON.parse(Buffer.concat(chunks).toString("utf8")) as Told);
      response.end();
    });
  });
  hook = `http://127.0.0.1:${port}/in?key=s3cret`;
  prometheus = keep("prometheus", placesIn(root, "prometheus", own));
  alertmanager = keep("alertmanager", placesIn(root, "alertmanager", manager));
});

afterAll(() => {
  prometheus.kill();
  alertmanager.kill();
  receiver.close();
});

/** Nobody answers here: all that this site has is gone, and each VM of it is told of after a second. */
function everythingGone() {
  const nobody = () => "127.0.0.1:1";
  const targets = { service: nobody, node: nobody, haproxy: nobody };
  const own = { prometheus: prometheus.places.listen, alertmanager: alertmanager.places.listen };
  const wanted = desiredPrometheus(secretMap, "north", prometheus.places, { ...targets, ...own });
  const [[path, rules] = ["", undefined]] = [...wanted.aside];
  const quick = (rules?.content ?? "").replaceAll(/for: \d+[mh]/g, "for: 1s");
  return { ...wanted, aside: new Map([[path, { content: quick, mode: 0o644 }]]), config: hurry(wanted.config) };
}

function teller(webhookUrl: string | undefined) {
  const wanted = desiredAlertmanager(secretMap, { ...nothing, webhookUrl }, alertmanager.places);
  return { ...wanted, config: hurry(wanted.config) };
}

test("an alert reaches the webhook, whose URL is a secret, with its summary and where the runbook is", async () => {
  expect(await alertmanager.pass(teller(`${hook}\n`))).toEqual(["write-unit", "write-aside", "configure"]);
  expect(await alertmanager.pass(teller(`${hook}\n`))).toEqual([]);
  await prometheus.pass(everythingGone());
  const gone = () => alerts().filter(({ labels }) => labels["alertname"] === "VmGone");
  await eventually("it is told", () => gone().some(({ labels }) => labels["host"] === "north/zpod1"), 40_000);
  const [first] = gone();
  expect(first?.annotations["runbook"]).toBe("docs/operations.md#vmgone");
  expect(gone().find(({ labels }) => labels["host"] === "north/zpod1")?.annotations["summary"]).toBe(
    "north/zpod1 does not answer: neither its service nor its operating system",
  );
});

test("what follows from it, and what always fires, are not told", () => {
  const names = new Set(alerts().map(({ labels }) => labels["alertname"]));
  expect(names).toContain("VmGone");
  expect(names).not.toContain("HaproxyGone");
  expect(names).not.toContain("Watchdog");
});

test("another secret is used without a restart; a wrong one is noticed by an alert's metric", async () => {
  expect(await alertmanager.pass(teller(hook.replace("s3cret", "old")))).toEqual(["write-aside"]);
  await eventually("it is refused", () => refused > 0, 40_000);
  expect(await alertmanager.get("/metrics")).toMatch(
    /^alertmanager_notifications_failed_total\{integration="webhook"/m,
  );
});

test("what amtool refuses changes nothing; without anybody to tell it is stopped", async () => {
  const wanted = teller(hook);
  await alertmanager.pass(wanted);
  const bad = { ...wanted, config: wanted.config.replace("receiver: people", "receiver: x") };
  await expect(alertmanager.pass(bad)).rejects.toThrow(/nothing was changed/);
  expect(await alertmanager.pass(wanted)).toEqual([]);
  expect(await alertmanager.pass(desiredAlertmanager(map, nothing, alertmanager.places))).toEqual(["stop"]);
  expect(await alertmanager.pass(desiredAlertmanager(map, nothing, alertmanager.places))).toEqual([]);
});

test("without a secret the configuration names a file that is not there, and amtool takes it", async () => {
  expect(await alertmanager.pass(teller(undefined))).toEqual(["start", "remove-aside"]);
});
