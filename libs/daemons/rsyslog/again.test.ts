import fc from "fast-check";
import { expect, test } from "vitest";
import { note, type Sent } from "./again.ts";

/** Looks every 10 s; the cursor is the second at which it was seen. */
function watched(seconds: number, server = "a"): Sent {
  let sent: Sent | undefined;
  for (let at = 0; at <= seconds; at += 10) sent = note(sent, at * 1_000, server, String(at))?.sent ?? sent;
  return sent as Sent;
}

test("while znet's bus is the same process, some places of the last minute are kept", () => {
  expect(watched(20).places.map(({ cursor }) => cursor)).toEqual(["0", "10", "20"]);
  const { places } = watched(600);
  expect(places[0]?.cursor).toBe("540");
  expect(places).toHaveLength(7);
  expect(note(watched(600), 610_000, "a", "600")).toBeUndefined();
});

test("after a start of znet it is all sent again from where it was a minute before znet was last heard of, once", () => {
  const noted = note(watched(600), 900_000, "b", "700");
  expect(noted).toEqual({
    back: { cursor: "540", since: 540_000 },
    sent: { server: "b", places: [{ at: 900_000, cursor: "540" }] },
  });
  expect(note(noted?.sent, 910_000, "b", "700")?.back).toBeUndefined();
  expect(note(watched(20), 30_000, "b", "30")?.back?.cursor).toBe("0");
});

test("whatever the looks, it is never begun later than a minute before, unless there is nothing older, and little is kept", () => {
  const step = fc.record({ after: fc.integer({ min: 1, max: 90_000 }), moved: fc.nat(5), restart: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      let [now, cursor, server] = [0, 0, 0];
      let sent: Sent | undefined;
      let heard: { at: number; cursor: number }[] = [];
      for (const { after, moved, restart } of steps) {
        [now, cursor] = [now + after, cursor + moved];
        if (restart) server += 1;
        const noted = note(sent, now, String(server), String(cursor));
        if (noted?.back !== undefined) {
          const last = heard.at(-1)?.at ?? 0;
          const back = Number(noted.back.cursor);
          const old = heard.filter(({ at }) => at <= last - 60_000);
          expect(back).toBeLessThanOrEqual(
            Math.max(...(old.length > 0 ? old : heard.slice(0, 1)).map((one) => one.cursor)),
          );
          expect(back).toBeGreaterThanOrEqual(heard[0]?.cursor ?? 0);
          [cursor, heard] = [back, []];
        }
        heard.push({ at: now, cursor });
        sent = noted?.sent ?? sent;
        const { places = [] } = sent ?? {};
        expect(places.filter(({ at }) => at <= (places.at(-1)?.at ?? 0) - 60_000).length).toBeLessThanOrEqual(1);
      }
    }),
  );
});
