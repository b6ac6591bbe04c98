import { zfrontOf } from "@zcloud/map";
import { golden } from "@zcloud/testing";
import { expect, test } from "vitest";
import { goldenFronts } from "./golden.test-support.ts";
import { frontSettings } from "./index.ts";
import { renderConfig } from "./render.ts";
import { labMap } from "./two-fronts.test-support.ts";

test.each(goldenFronts())("$name is rendered as the golden file has it", ({ name, text }) => {
  golden(new URL(`golden/${name}.cfg`, import.meta.url), text);
});

test("the description tells static parts apart, and nothing else", () => {
  const map = labMap();
  const settings = frontSettings(map, zfrontOf(map, "north"), undefined);
  const slots = new Map([[1, "patient-one"] as const]);
  const route = {
    key: "demo/app/web",
    names: ["web.demo.lab.example"],
    places: ["web.demo.lab.example/"],
    redirects: new Map(),
    health: "/",
    answersWithin: undefined,
    http: {},
    tenantRate: undefined,
    port: undefined,
    proxyProtocol: false,
    servers: [],
    peer: true,
  };
  const base = renderConfig(settings, slots, [], ["ca"]);
  expect(renderConfig(settings, slots, [{ route, slot: 1 }], ["ca"]).description).toBe(base.description);
  const others = [
    renderConfig(settings, slots, [], ["another ca"]),
    renderConfig(settings, new Map([...slots, [2, "patient-one"]]), [], ["ca"]),
    renderConfig({ ...settings, acmeThumbprint: "z" }, slots, [], ["ca"]),
    renderConfig({ ...settings, peer: undefined }, slots, [], ["ca"]),
  ].map(({ description }) => description);
  expect(new Set([base.description, ...others]).size).toBe(5);
});

test("hosts of our own are not counted as visitors, neither by their networks nor by their sites' public addresses", () => {
  const map = labMap();
  const settings = frontSettings(map, zfrontOf(map, "north"), undefined);
  const acl = "acl inside src 10.64.1.0/24 198.51.100.10 10.64.2.0/24 203.0.113.10";
  expect(renderConfig(settings, new Map(), [], []).text).toContain(acl);
});
