import { beforeAll, expect, test } from "vitest";
import { createUserKey, publicKeyOf, verifyingKeyOf } from "./nkeys.ts";
import { type Answer, openQuestions, questionSubject, type Speaker, sealQuestion } from "./questions.ts";

const keys = new Map(["north/zpod1", "north/zstore", "north/zmah1"].map((host) => [host, createUserKey()]));
const keyOf = (host: string) => keys.get(host)?.public;
const at = Date.parse("2026-11-23T21:00:00Z");
let now = at;
const speaker = (self: string, more: Partial<Speaker> = {}): Speaker => ({
  ...{ self, seed: keys.get(self)?.seed ?? "", keyOf, now: () => now },
  ...more,
});
const zpod = speaker("north/zpod1");
const zstore = speaker("north/zstore");
const done: Answer = { kind: "done", value: { key: "AQ==" } };
const ask = (question: unknown = { volume: "pages" }) => sealQuestion(zpod, "north/zstore", question);

beforeAll(() => {
  now = at;
});

test("a question arrives as it was put, and the answer too", async () => {
  const open = await ask();
  const heard = await openQuestions(zstore)(open.text, "north/zpod1");
  expect(heard).toMatchObject({ from: "north/zpod1", question: { volume: "pages" } });
  for (const answer of [
    done,
    { kind: "refused", reason: "no", remedy: "yes" },
    { kind: "failed", reason: "later" },
  ] as const)
    expect(await open.read(await heard.seal(answer))).toEqual(answer);
});

test("who carries them reads no answer", async () => {
  const open = await ask();
  const heard = await openQuestions(zstore)(open.text, "north/zpod1");
  const sealed = await heard.seal(done);
  const readable = sealed.split(".").map((part) => Buffer.from(part, "base64url").toString("latin1"));
  expect(readable.join(" ")).not.toContain("AQ==");
  // Nor does somebody else who asked, and got this one.
  await expect((await ask()).read(sealed)).rejects.toThrow();
});

test("nobody asks in another's name, or what was asked of another, or twice, or too late", async () => {
  const { text } = await ask();
  const open = openQuestions(zstore);
  await expect(open(text, "north/zmah1")).rejects.toThrow(/signature/);
  await expect(open(text, "north/zpod2")).rejects.toThrow("north/zpod2 has no key in the map");
  await expect(openQuestions(speaker("north/zmah1"))(text, "north/zpod1")).rejects.toThrow(/aud/);
  // Signed by its own key, but as if it were another.
  const forged = await sealQuestion({ ...zpod, seed: keys.get("north/zmah1")?.seed ?? "" }, "north/zstore", {});
  await expect(open(forged.text, "north/zpod1")).rejects.toThrow(/signature/);
  const [head, , sign] = text.split(".");
  const [, body] = (await ask({ volume: "all" })).text.split(".");
  await expect(open(`${head}.${body}.${sign}`, "north/zpod1")).rejects.toThrow(/signature/);
  await open(text, "north/zpod1");
  await expect(open(text, "north/zpod1")).rejects.toThrow("it was heard before");
  const late = await ask();
  now = at + 121_000;
  await expect(open(late.text, "north/zpod1")).rejects.toThrow(/iat|too far/);
  now = at - 121_000;
  await expect(open(late.text, "north/zpod1")).rejects.toThrow(/iat/);
  now = at;
});

test("no algorithm but the agreed one is taken", async () => {
  const { text } = await ask();
  const [, body] = text.split(".");
  const head = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  await expect(openQuestions(zstore)(`${head}.${body}.`, "north/zpod1")).rejects.toThrow();
});

test("nobody answers in another's name, or with an answer to something else", async () => {
  const open = await ask();
  const other = await ask();
  const heard = await openQuestions(zstore)(other.text, "north/zpod1");
  await expect(open.read(await heard.seal(done))).rejects.toThrow();
  // Who hears the question and is not the one: encrypts well, signs by the wrong key.
  const stranger = openQuestions({ ...zstore, seed: keys.get("north/zmah1")?.seed ?? "" });
  await expect(open.read(await (await stranger(open.text, "north/zpod1")).seal(done))).rejects.toThrow(/signature/);
});

test("a host without a key in the map is asked nothing", async () => {
  await expect(sealQuestion(zpod, "north/zpod9", {})).rejects.toThrow(
    "ask north/zpod9: the keys of the map have none of it; zctl pki",
  );
});

test("keys are read as they are written, and nothing else is", () => {
  for (const { seed, public: nkey } of keys.values()) {
    expect(publicKeyOf(seed)).toBe(nkey);
    expect(verifyingKeyOf(nkey).asymmetricKeyType).toBe("ed25519");
    expect(() => verifyingKeyOf(`${nkey.slice(0, -1)}${nkey.endsWith("A") ? "B" : "A"}`)).toThrow(/no public user key/);
  }
});

test("each speaks at a place of its own", () => {
  expect(questionSubject("north/zstore", "north/zpod1")).toBe("zc.ask.north.zstore.zpod1");
});
