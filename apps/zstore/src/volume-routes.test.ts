import { type Volume, type VolumeId, VolumeRefused, type Volumes, volumeName } from "@zcloud/daemons/volumes";
import { fastify } from "fastify";
import { expect, test } from "vitest";
import { volumeRoutes } from "./volume-routes.ts";

const id: VolumeId = { tenant: "garden", stack: "wiki", volume: "pages" };
const pages: Volume = {
  ...{ id, size: 5e9, used: 2e9, createdAt: "2026-11-01T20:00:00Z", state: "ready", trashedAt: undefined },
  ...{ path: "/volumes/garden/garden.wiki.pages/0", snapshots: [], clients: ["zcloud.north.zpod1.garden"] },
};

/** What is asked of volumes, in order; `purge` refuses, `trash` fails. */
function app(kept = true) {
  const done: unknown[] = [];
  const events: string[] = [];
  const note =
    (what: string) =>
    async (of: VolumeId, ...more: readonly unknown[]) => {
      if (what === "purge") throw new VolumeRefused("it is not in the trash", "zctl volumes trash first");
      if (what === "trash") throw new Error("none of Ceph's managers answers");
      done.push([what, volumeName(of), ...more.filter((one) => !(one instanceof AbortSignal))]);
    };
  const verbs = ["resize", "snapshot", "removeSnapshot", "clone", "trash", "recover", "purge"];
  const volumes = {
    ...Object.fromEntries(verbs.map((what) => [what, note(what)])),
    list: async () => [pages],
    find: async () => pages,
  } as unknown as Volumes;
  const made = fastify();
  volumeRoutes(made, {
    volumes: () => (kept ? volumes : undefined),
    event: ({ kind, subject, actor }) => void events.push(`${kind} ${subject} ${actor}`),
    signal: new AbortController().signal,
  });
  const post = async (body: object, path = "garden/wiki/pages?actor=robin") => {
    const { statusCode, json } = await made.inject({ method: "POST", url: `/v1/volumes/${path}`, payload: body });
    return [statusCode, json()];
  };
  return { done, events, post, get: () => made.inject("/v1/volumes") };
}

const shown = {
  ...{ volume: "garden/wiki/pages", size: 5e9, used: 2e9, createdAt: "2026-11-01T20:00:00Z", state: "ready" },
  ...{ trashedAt: null, snapshots: [], clients: ["zcloud.north.zpod1.garden"] },
};

test("volumes are told without where they lie", async () => {
  expect((await app().get()).json()).toEqual({ volumes: [shown] });
  const away = await app(false).get();
  expect([away.statusCode, away.json()]).toMatchObject([409, { remedy: expect.stringContaining("kind: ceph") }]);
});

test("what an operator wishes is done, and told with who wished it", async () => {
  const { done, events, post } = app();
  expect(await post({ do: "resize", size: 6e9 })).toEqual([200, { volume: shown }]);
  await post({ do: "snapshot", name: "before" });
  await post({ do: "forget", name: "before" });
  await post({ do: "clone", name: "before", to: "garden/wiki/then" });
  await post({ do: "recover" });
  expect(done).toEqual([
    ["resize", "garden/wiki/pages", 6e9],
    ["snapshot", "garden/wiki/pages", "before"],
    ["removeSnapshot", "garden/wiki/pages", "before"],
    ["clone", "garden/wiki/pages", "before", { ...id, volume: "then" }],
    ["recover", "garden/wiki/pages"],
  ]);
  expect(events).toHaveLength(5);
  expect(events[0]).toBe("volume-resize garden/wiki/pages robin");
});

test("what can't be done is refused with its remedy, what can't be done now fails, and neither is told as done", async () => {
  const { events, post } = app();
  expect(await post({ do: "purge" })).toEqual([
    409,
    { error: "it is not in the trash", remedy: "zctl volumes trash first" },
  ]);
  expect(await post({ do: "trash" })).toEqual([503, { error: "none of Ceph's managers answers" }]);
  for (const body of [{}, { do: "dance" }, { do: "resize", size: -1 }, { do: "clone", name: "x", to: "../up" }])
    expect((await post(body))[0], JSON.stringify(body)).toBe(400);
  expect((await post({ do: "recover" }, "garden/wiki/..%2f"))[0]).toBe(400);
  expect(events).toEqual([]);
});
