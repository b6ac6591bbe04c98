import type { ConversationOptions } from "@zcloud/host";
import { manualClock } from "@zcloud/reconcile/testing";
import { expect, test } from "vitest";
import { CephError } from "./errors.ts";
import { createSession } from "./session.ts";

interface Told {
  readonly job: number;
  readonly timeout: number;
  readonly commands: readonly { readonly prefix: string }[];
}

const whole = (...outs: readonly string[]) => {
  return { answers: outs.map((out) => ({ status: 0, out: Buffer.from(out).toString("base64"), err: "" })) };
};
const away = { unreachable: "not in time" };

/** A session whose programs are played by the test. */
function setting() {
  const clock = manualClock();
  const runs: { told: unknown[]; state: string; talk: ConversationOptions }[] = [];
  const ends: string[] = [];
  const session = createSession({
    clock,
    backoff: { initialMs: 1_000, factor: 2, jitter: 0 },
    ended: (reason) => ends.push(reason),
    start(talk) {
      const run = { told: [] as unknown[], state: "running", talk };
      runs.push(run);
      const to = (state: string) => () => {
        run.state = state;
      };
      return { send: (line) => run.told.push(JSON.parse(line)), finish: to("finished"), kill: to("killed") };
    },
  });
  const { signal } = new AbortController();
  const ask = (prefix: string, timeout = 5) =>
    session.ask([{ prefix }], { signal, timeout }).then(
      (answers) => answers?.map(({ out }) => out.toString()),
      (error: unknown) => {
        expect(error).toBeInstanceOf(CephError);
        return (error as Error).message;
      },
    );
  /** The latest run answers a job, the newest by default. */
  const answer = (said: object, job?: number) => {
    const { told, talk } = runs.at(-1) as (typeof runs)[number];
    talk.onLine(JSON.stringify({ job: job ?? (told.at(-1) as Told).job, ...said }));
  };
  return { clock, runs, ends, session, ask, answer };
}

test("one program takes all questions after who asks, and answers go to who asked, in any order", async () => {
  const { runs, ask, answer } = setting();
  const [first, second] = [ask("status"), ask("fs dump", 30)];
  expect(runs.map(({ told }) => told)).toEqual([
    [
      { as: "client.admin", keyring: "/etc/ceph/ceph.client.admin.keyring", conf: "/etc/ceph/ceph.conf" },
      { job: 1, timeout: 5, all: false, to: "monitors", commands: [{ prefix: "status" }] },
      { job: 2, timeout: 30, all: false, to: "monitors", commands: [{ prefix: "fs dump" }] },
    ],
  ]);
  answer(whole("two"), 2);
  answer(whole("one"), 1);
  expect(await Promise.all([first, second])).toEqual([["one"], ["two"]]);
  const third = ask("health");
  answer(away);
  expect(await third).toBeUndefined();
  expect(runs).toHaveLength(1);
});

test("after its end it is started by the next question, and each time later while it answers nothing", async () => {
  const { clock, runs, ends, ask, answer } = setting();
  const end = () => runs.at(-1)?.talk.onEnd({ status: 1, stderr: "No module named 'rados'\n" });
  const lost = ask("status");
  end();
  expect(await lost).toBe("ask the monitors: the program that asks ended with 1: No module named 'rados'");
  for (const wait of [1_000, 2_000, 4_000]) {
    const again = ask("status");
    end();
    await again;
    const started = runs.length;
    await clock.advance(wait - 1);
    expect(await ask("status")).toMatch(/rados'; it is started again soon$/);
    expect(runs).toHaveLength(started);
    await clock.advance(1);
  }
  expect(ends).toHaveLength(4);
  const good = ask("status");
  answer(whole("good"));
  expect(await good).toEqual(["good"]);
  end();
  const at = ask("status");
  answer(whole("at once"));
  expect(await at).toEqual(["at once"]);
});

test("one that answers nothing is killed five seconds after a job's time, and all who wait are told", async () => {
  const { clock, runs, ask, answer } = setting();
  const both = [ask("status", 2), ask("osd pool create", 30)];
  await clock.advance(6_999);
  expect(runs[0]?.state).toBe("running");
  await clock.advance(1);
  expect(runs[0]?.state).toBe("killed");
  const hung = "ask the monitors: the program that asks hung: no answer after 2 s";
  expect(await Promise.all(both)).toEqual([hung, hung]);
  const next = ask("status");
  // What the killed one still had in its pipe, and its end, are nobody's.
  runs[0]?.talk.onLine(JSON.stringify({ job: 3, ...whole("old") }));
  runs[0]?.talk.onEnd({ status: undefined, stderr: "" });
  answer(whole("new"));
  expect(await next).toEqual(["new"]);
  expect(clock.pending()).toBe(0);
});

test("after a minute out of reach a fresh one takes over, and the old one may finish", async () => {
  const { clock, runs, ends, ask, answer } = setting();
  const look = async (said: object) => {
    const asked = ask("status");
    answer(said);
    await asked;
  };
  await look(away);
  await clock.advance(59_000);
  await look(whole("back"));
  await look(away);
  await clock.advance(59_999);
  await look(away);
  await clock.advance(1);
  const late = ask("health");
  await look(away);
  expect(runs[0]?.state).toBe("finished");
  const fresh = ask("status");
  answer(whole("fresh"));
  expect(await fresh).toEqual(["fresh"]);
  expect(runs).toHaveLength(2);
  runs[0]?.talk.onLine(JSON.stringify({ job: 5, ...whole("late") }));
  expect(await late).toEqual(["late"]);
  runs[0]?.talk.onEnd({ status: 0, stderr: "" });
  expect(ends).toEqual([]);
});

test("what is no answer ends it, and is not repeated: it may have a key", async () => {
  const { runs, ask } = setting();
  const asked = ask("auth get-or-create-key");
  runs[0]?.talk.onLine('{"job":1,"answers":["AQBsecret"]}');
  expect(await asked).toBe("ask the monitors: the program that asks said what is no answer");
  expect(runs[0]?.state).toBe("killed");
});

test("who gives up is told at once; a stopped service asks no more", async () => {
  const { clock, runs, session, ask } = setting();
  const controller = new AbortController();
  const given = session.ask([{ prefix: "status" }], { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(given).rejects.toThrow("ask the monitors: stopped");
  await expect(session.ask([{ prefix: "status" }], { signal: controller.signal })).rejects.toThrow("stopped");
  const waits = ask("health");
  session.close();
  expect(await waits).toBe("ask the monitors: this service stops");
  expect(await ask("health")).toBe("ask the monitors: this service stops");
  expect(runs.map(({ state }) => state)).toEqual(["killed"]);
  expect(clock.pending()).toBe(0);
});

test("a write has no limit, and tells nothing of the monitors; who waits for it learns of the program's end", async () => {
  const { clock, runs, session, ask, answer } = setting();
  const { signal } = new AbortController();
  const write = () => session.write({ pool: "p", object: "o" }, signal);
  const [slow, refused, lost] = [write(), write(), write()];
  expect(runs[0]?.told.slice(1)).toEqual([1, 2, 3].map((job) => ({ job, write: { pool: "p", object: "o" } })));
  await clock.advance(3_600_000);
  const asked = ask("status");
  answer(away);
  expect(await asked).toBeUndefined();
  await clock.advance(59_999);
  answer({ wrote: 3_660.5 }, 1);
  expect(await slow).toBe(3_660.5);
  answer({ failed: "no such pool", shutOut: false }, 2);
  await expect(refused).rejects.toThrow("write to p: no such pool");
  await clock.advance(1);
  const again = ask("status");
  answer(away);
  await again;
  expect(runs[0]?.state).toBe("finished");
  runs[0]?.talk.onEnd({ status: 0, stderr: "" });
  await expect(lost).rejects.toThrow("the program that asks ended with 0");
  expect(clock.pending()).toBe(0);
});
