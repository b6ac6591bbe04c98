import { zfrontOf } from "@zcloud/map";
import type { SlotClassName } from "./classes.ts";
import { type FrontSettings, frontSettings, toRoutes } from "./index.ts";
import type { Placed } from "./maps.ts";
import { renderConfig } from "./render.ts";
import { endpoint, labMap } from "./two-fronts.test-support.ts";

export interface GoldenFront {
  readonly name: string;
  readonly settings: FrontSettings;
  readonly placed: readonly Placed[];
  readonly text: string;
}

/** Fronts whose whole configuration is kept: one slot of every usual class and some others, at a site with a peer and at the only site. */
export function goldenFronts(): readonly GoldenFront[] {
  const of = (service: string) => ({ tenant: "demo", project: "app", service });
  const map = {
    ...labMap(),
    tcp: [
      { name: "smtp", port: 25, ...of("postfix"), proxyProtocol: true },
      { name: "imaps", port: 993, ...of("dovecot"), proxyProtocol: false },
      { name: "submission", port: 587, ...of("relay"), proxyProtocol: true, greets: "220" },
    ],
  };
  const north = frontSettings(map, zfrontOf(map, "north"), "Qr3NrLtjRuOyCRUVGHSUWa64jnM0ADnSRJl_ubWdbpU");
  const slots = new Map<number, SlotClassName>([
    [1, "patient-one"],
    [2, "patient-many"],
    [3, "quick-one"],
    [4, "quick-many"],
    [5, "patient-one"],
    [6, "quick-sticky-gzip-500"],
    [7, "patient-many-h2"],
    [8, "tcp-one"],
    [9, "tcp-many"],
    [11, "tcp-one-greets"],
  ]);
  const own = [
    endpoint("north", "one", [40001]),
    endpoint("north", "many", [40002, 40003]),
    endpoint("north", "quick", [40004], { answersWithin: 1000 }),
    endpoint("north", "shop", [40005, 40006], {
      names: ["shop.demo.lab.example", "old.demo.lab.example"],
      answersWithin: 2000,
      http: {
        at: ["shop.demo.lab.example/cart"],
        redirects: { "old.demo.lab.example": "https://shop.demo.lab.example/cart" },
        sticky: true,
        compress: true,
        retry500: true,
        hsts: 31_536_000,
        rate: 200,
      },
    }),
    endpoint("north", "postfix", [40009], { names: [] }),
    endpoint("north", "dovecot", [40010, 40011], { names: [] }),
    endpoint("north", "relay", [40013], { names: [] }),
    endpoint("north", "grpc", [40007, 40008], { http: { h2: true, timeout: 600_000 } }),
  ];
  const { routes } = toRoutes(map, own, [
    endpoint("south", "one", [1]),
    endpoint("south", "many", [1]),
    endpoint("south", "postfix", [1], { names: [] }),
    endpoint("south", "zfar", [1]),
  ]);
  const at: Readonly<Record<string, number>> = {
    one: 1,
    many: 2,
    quick: 3,
    zfar: 5,
    shop: 6,
    grpc: 7,
    postfix: 8,
    dovecot: 9,
    relay: 11,
  };
  const placed = routes.map((route) => ({ route, slot: at[route.key.split("/")[2] ?? ""] ?? 0 }));
  const front = (name: string, settings: FrontSettings): GoldenFront => {
    const { text } = renderConfig(settings, slots, placed, ["inputs"]);
    return { name, settings, placed, text };
  };
  const through = endpoint("north", "vault", [40012], { passthrough: { proxyProtocol: true } });
  const vault = toRoutes(map, [through], [{ ...through, host: "south/zpod1" }]).routes.map((route) => {
    return { route, slot: 10 };
  });
  const peeks: GoldenFront = {
    ...front("passthrough", north),
    placed: [...placed, ...vault],
    text: renderConfig(north, new Map([...slots, [10, "tls-one"]]), [...placed, ...vault], ["inputs"]).text,
  };
  return [front("north", north), front("alone", { ...north, peer: undefined, acmeThumbprint: undefined }), peeks];
}
