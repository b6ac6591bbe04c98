import { expect, test } from "vitest";
import { toRoutes } from "./index.ts";
import { slotInfos } from "./slot-info.ts";
import { endpoint, labMap } from "./two-fronts.test-support.ts";

test("both backends of every slot in use say whose they are, by the first name or by the port", () => {
  const map = {
    ...labMap(),
    tcp: [{ name: "smtp", port: 25, tenant: "demo", project: "app", service: "mail", proxyProtocol: false }],
  };
  const names = ["b.demo.lab.example", "a.demo.lab.example/x"];
  const own = [endpoint("north", "web", [1], { names: [names[0] ?? ""], http: { at: [names[1] ?? ""] } })];
  const { routes } = toRoutes(map, [...own, endpoint("north", "mail", [2], { names: [] })], []);
  const taken = { "demo/app/web": { slot: 3 }, "demo/app/mail/smtp": { slot: 9 }, "demo/old/gone": { slot: 4 } };
  const of = (stack: string, service: string, name: string) => ({ tenant: "demo", stack, service, name });
  expect(slotInfos({ taken }, routes)).toEqual([
    { proxy: "e3", ...of("app", "web", "a.demo.lab.example/x") },
    { proxy: "l3", ...of("app", "web", "a.demo.lab.example/x") },
    { proxy: "e9", ...of("app", "mail", "port 25") },
    { proxy: "l9", ...of("app", "mail", "port 25") },
    { proxy: "e4", ...of("old", "gone", "") },
    { proxy: "l4", ...of("old", "gone", "") },
  ]);
});
