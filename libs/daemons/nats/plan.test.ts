import { describe, expect, test } from "vitest";
import { goldenKeys } from "./golden.test-support.ts";
import { permissionsOf } from "./permissions.ts";
import { type NatsObserved, planNats, serverFiles } from "./plan.ts";
import { productionPlaces, renderDropIn, renderNats } from "./render.ts";
import { testMap } from "./two-sites.test-support.ts";

const map = testMap();
const keys = goldenKeys(map);
const desired = { map, keys, site: "north" };
const material = { ca: "ca", cert: "cert", key: "key", seed: "SUSEED" };
const unit = [productionPlaces.unit, { content: renderDropIn(), mode: 0o644 }] as const;
const settled: NatsObserved = {
  material,
  files: new Map([unit, ...serverFiles(desired, material)]),
  writtenAt: 1_000,
  loadedAt: 2_000,
  enabled: true,
};

describe("plan", () => {
  const kinds = (observed: NatsObserved) => planNats(desired, observed).map(({ kind }) => kind);

  test("settled: nothing; from nothing: unit, files", () => {
    expect(kinds(settled)).toEqual([]);
    expect(kinds({ ...settled, files: new Map(), loadedAt: undefined, enabled: false })).toEqual([
      "write-unit",
      "configure",
    ]);
  });

  test("a server that is away or not enabled is started; one with older files reloads", () => {
    expect(kinds({ ...settled, loadedAt: undefined })).toEqual(["start"]);
    expect(kinds({ ...settled, enabled: false })).toEqual(["start"]);
    expect(kinds({ ...settled, loadedAt: 500 })).toEqual(["reload"]);
  });

  test("a renewed certificate is a change, and no secret stands in any plan", () => {
    const [action, ...more] = planNats(desired, { ...settled, material: { ...material, cert: "new", key: "SECRET" } });
    expect(more).toEqual([]);
    expect(action).toMatchObject({
      kind: "configure",
      change: "~",
      summary: expect.stringContaining("host.crt, host.key"),
    });
    expect(`${action?.summary} ${action?.detail ?? ""}`).not.toContain("SECRET");
  });
});

describe("configuration", () => {
  test("the later site dials, the first listens; one site has no link", () => {
    expect(renderNats(map, keys, "north")).toMatch(/leafnodes \{\n {2}listen: "10\.64\.1\.2:7422"/);
    expect(renderNats(map, keys, "south")).toContain('url: "tls://10.64.1.2:7422"');
    const alone = { ...map, sites: map.sites.slice(0, 1).map((site) => ({ ...site, peer: undefined })) };
    expect(renderNats(alone, keys, "north")).not.toContain("leafnodes");
  });

  test("only this site's enrolled hosts are users, and the seed is nowhere in it", () => {
    const some = { ...keys, hosts: { "north/znet": keys.hosts["north/znet"] ?? { nkey: "" } } };
    const config = renderNats(map, some, "north");
    expect(config.match(/nkey: U/g)).toHaveLength(1);
    expect(renderNats(map, keys, "south")).not.toContain(material.seed);
  });
});

test("nobody but znet may touch what is not its own", () => {
  for (const host of map.sites.flatMap(({ hosts }) => hosts)) {
    const { publish, subscribe } = permissionsOf(host);
    if (host.role === "znet") continue;
    const writes = publish.filter((subject) => subject.startsWith("$KV."));
    expect(writes.every((subject) => subject.split(".")[2] === host.name)).toBe(true);
    expect(publish.filter((subject) => /^(>|\*|\$JS\.API\.>|\$KV\.>)/.test(subject))).toEqual([]);
    // What a host is asked comes to it alone.
    const questions = host.role === "zstore" ? [`zc.ask.${host.site}.${host.name}.*`] : [];
    expect(subscribe).toEqual([`_INBOX.${host.site}.${host.name}.>`, ...questions]);
    const asks = publish.filter((subject) => subject.startsWith("zc.ask."));
    expect(asks).toEqual(host.role === "zpod" ? [`zc.ask.${host.site}.zstore.${host.name}`] : []);
  }
});
