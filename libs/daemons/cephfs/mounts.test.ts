import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import type { FileSet } from "@zcloud/reconcile";
import { tempDir } from "@zcloud/testing";
import { afterEach, expect, test } from "vitest";
import { twoSites } from "../ceph/maps.test-support.ts";
import { askSocket } from "./admin-socket.ts";
import { createMounts, mountFiles, planMounts } from "./mounts.ts";
import { type KnownMount, noteMount } from "./state.ts";

const root = tempDir();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An admin socket that answers so, after it heard a zero byte. Returns its path. */
async function socket(name: string, answer: (heard: string) => Buffer | undefined): Promise<string> {
  const path = join(root, `${name}.asok`);
  const server = createServer((connection) => {
    let heard = "";
    connection.on("data", (chunk) => {
      heard += chunk.toString();
      if (!heard.endsWith("\0")) return;
      const said = answer(heard.slice(0, -1));
      if (said !== undefined) connection.end(said);
    });
    connection.on("error", () => {});
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(path, done));
  return path;
}

function framed(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(text.length);
  return Buffer.concat([size, text]);
}

const signal = () => AbortSignal.timeout(10_000);

test("an admin socket is asked, and what is no answer is none", async () => {
  const heard: string[] = [];
  const good = await socket("good", (text) => {
    heard.push(text);
    return framed({ blocklisted: false });
  });
  expect(await askSocket(good, "status", signal())).toEqual({ blocklisted: false });
  expect(heard.map((text) => JSON.parse(text))).toEqual([{ prefix: "status", format: "json" }]);
  const half = await socket("half", () => framed({ blocklisted: true }).subarray(0, -3));
  const words = await socket("words", () => Buffer.from("\0\0\0\u0005hello"));
  const silent = await socket("silent", () => undefined);
  for (const path of [half, words, silent, join(root, "nobody.asok")])
    expect(await askSocket(path, "status", signal()), path).toBeUndefined();
});

const mount = (volume: string): KnownMount => ({
  ...{ tenant: "garden", stack: "wiki", volume, client: "zcloud.north.zpod1.garden", mounter: "fuse" },
  path: `/volumes/garden/garden.wiki.${volume}/0`,
});

test("clients say whether they were shut out; what is known of them survives", async () => {
  const state = tempDir();
  const host = new LocalHost();
  const told = { pages: true, uploads: false, words: "yes" };
  for (const [volume, blocklisted] of Object.entries(told)) {
    await noteMount(host, state, mount(volume));
    await socket(volume, () => framed({ blocklisted }));
  }
  await noteMount(host, state, mount("gone"));
  await host.write(join(state, "else"), "x\n");
  await host.write(join(state, "a.b.c"), "half a fi");
  const mounts = createMounts({ host, state, socket: (_tenant, _stack, volume) => join(root, `${volume}.asok`) });
  const { mounts: seen } = await mounts.observe(signal());
  expect(Object.fromEntries(seen.map(({ volume, shutOut }) => [volume, shutOut]))).toEqual({
    ...{ pages: true, uploads: false, words: undefined, gone: undefined },
  });
  expect(seen.find(({ volume }) => volume === "pages")).toEqual({ ...mount("pages"), shutOut: true });
});

test("only who was shut out is mounted anew; units are kept as the map wants them", () => {
  const map = twoSites();
  const seen = [
    { ...mount("pages"), shutOut: true },
    { ...mount("uploads"), shutOut: false },
    { ...mount("silent"), shutOut: undefined },
  ];
  const files = mountFiles(map, seen);
  const said = (observed: FileSet) =>
    planMounts(map, { mounts: seen, files: observed }).map(({ kind, subject }) => `${kind} ${subject}`);
  expect(said(files)).toEqual(["remount volume garden/wiki/pages"]);
  const unit = "/etc/systemd/system/zcloud-volume-garden.wiki.uploads.service";
  expect(said(new Map([...files, [unit, { content: "by hand", mode: 0o644 }]]))).toEqual([
    "write-file zcloud-volume-garden.wiki.uploads.service",
    "remount volume garden/wiki/pages",
  ]);
  expect(planMounts(map, { mounts: [], files: new Map() })).toEqual([]);
});
