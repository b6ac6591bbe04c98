import { execFileSync } from "node:child_process";
import { siteOf } from "@zcloud/map";
import { debian, golden, tempDir } from "@zcloud/testing";
import { expect, test } from "vitest";
import { desiredNodeExporter, desiredPrometheus } from "./index.ts";
import { fileIn, map } from "./monitor.test-support.ts";
import { alertmanagerPlaces, prometheusPlaces } from "./places.ts";
import { renderPrometheus, siteTargets } from "./render.ts";
import { renderAlertmanager } from "./render-alertmanager.ts";
import { renderRules } from "./rules/index.ts";
import { renderAlertmanagerUnit } from "./units.ts";

const root = tempDir();
const at = (name: string) => new URL(`golden/${name}`, import.meta.url);

function said(argv: readonly [string, ...string[]]): string {
  const [program, ...words] = argv;
  return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const told = {
  ...map,
  alerts: {
    mail: {
      to: ["robin@example.net", "kim@example.net"],
      from: "zcloud@example.net",
      smarthost: "mail.example.net:587",
      user: "zcloud",
    },
    webhook: {},
  },
};

test.each([
  ["north", map],
  ["south", told],
] as const)("promtool takes the golden configuration of %s, and its rules", (site, of) => {
  const rules = fileIn(root, `${site}-rules.yml`, renderRules());
  const targets = { ...siteTargets, alertmanager: of === told ? siteTargets.alertmanager : undefined };
  const text = renderPrometheus(of, site, { ...targets, rules: ["/etc/prometheus/zcloud-rules/0.yml"] });
  golden(at(`${site}.yml`), text);
  const config = fileIn(root, `${site}.yml`, text.replace("/etc/prometheus/zcloud-rules/0.yml", rules));
  expect(said(debian("/usr/bin/promtool", "check", "config", config))).toMatch(/SUCCESS: \d+ rules found/);
  const bad = fileIn(root, "bad.yml", `${text}nonsense: 1\n`);
  expect(() => said(debian("/usr/bin/promtool", "check", "config", bad))).toThrow(/nonsense/);
});

test("amtool takes the golden configuration of Alertmanager", () => {
  const secrets = {
    mailPassword: `${alertmanagerPlaces.aside}/mail-password`,
    webhookUrl: `${alertmanagerPlaces.aside}/webhook-url`,
  };
  const text = renderAlertmanager(told, secrets);
  golden(at("alertmanager.yml"), text);
  expect(said(debian("/usr/bin/amtool", "check-config", fileIn(root, "am.yml", text)))).toContain("2 receivers");
});

test("nobody of another site, no hypervisor and no zstore is asked", () => {
  const { config } = desiredPrometheus(map, "north");
  const addresses = new Set(config?.match(/10\.64\.\d+\.\d+/g));
  const asked = siteOf(map, "north").hosts.filter(({ role }) => role !== "zcloud" && role !== "zstore");
  expect([...addresses].sort()).toEqual(asked.map(({ address }) => address).sort());
  expect(desiredNodeExporter({ role: "zpod", address: "10.64.1.17" }).on).toBe(true);
});

test("the units are the golden ones", () => {
  const [prometheus] = [...desiredPrometheus(map, "north").unitFiles.values()];
  const [node] = [...desiredNodeExporter({ role: "zpod", address: "10.64.1.17" }).unitFiles.values()];
  golden(at("prometheus.service.conf"), prometheus?.content ?? "");
  golden(at("prometheus-node-exporter.service.conf"), node?.content ?? "");
  golden(at("prometheus-alertmanager.service.conf"), renderAlertmanagerUnit(alertmanagerPlaces));
  expect(prometheus?.content).toContain(`--web.listen-address=${prometheusPlaces.listen}`);
});
