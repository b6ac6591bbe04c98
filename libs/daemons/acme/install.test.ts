import { MemoryHost } from "@zcloud/host";
import { createTestCa, tempDir } from "@zcloud/testing";
import { beforeAll, expect, test } from "vitest";
import { certificateFiles, type InstallOptions, install } from "./install.ts";
import { checkIssued } from "./issued.ts";

const directory = "/certs";
const { pem, fresh, previous } = certificateFiles(directory, "a.example");
let old: string;
let young: string;
let sign: ReturnType<typeof createTestCa>;

beforeAll(() => {
  sign = createTestCa(tempDir());
  const make = (...names: readonly string[]): string => {
    const { cert, key } = sign(`of ${names.join(" ")}`, ...names.map((name) => `DNS:${name}`));
    return `${cert}${key}`;
  };
  old = make("a.example", "b.example");
  young = make("a.example", "c.example");
});

/** A front that shows a.pem as it is on disk when it is asked; or always the old one. */
function world(files: Readonly<Record<string, string>>, shows: "disk" | "old" = "disk") {
  const host = new MemoryHost(files);
  const options: InstallOptions = {
    ...{ host, directory, name: "a.example", now: Date.now(), changed: () => {} },
    left: (before, after) => before.filter((name) => !after.includes(name)),
    prove: async (fingerprint) => {
      const shown = checkIssued(shows === "disk" ? ((await host.read(pem)) ?? "") : old, [], Date.now());
      return shown.ok && shown.fingerprint === fingerprint ? { ok: true } : { ok: false, reason: "not shown" };
    },
  };
  return { host, options };
}

test("proved: the new one is all there is, and a name that it lacks goes on with the old one", async () => {
  const { host, options } = world({ [pem]: old, [fresh]: young });
  expect(await install(options)).toMatchObject({ kind: "proved", names: ["a.example", "c.example"] });
  expect(host.files()).toEqual({ [pem]: young, "/certs/b.example.pem": old });
});

test("not proved: the old one is back, and the new one is kept for another attempt", async () => {
  const { host, options } = world({ [pem]: old, [fresh]: young }, "old");
  expect(await install(options)).toEqual({ kind: "unproved", reason: "not shown", back: true });
  expect(host.files()).toMatchObject({ [pem]: old, [fresh]: young });
  expect(host.files()).not.toHaveProperty([previous]);
});

test("the first certificate of a name stays although it is not proved: better than the placeholder", async () => {
  const { host, options } = world({ [fresh]: young }, "old");
  expect(await install(options)).toEqual({ kind: "unproved", reason: "not shown", back: false });
  expect(host.files()).toEqual({ [pem]: young, [fresh]: young });
});

test("one that is no good any more is thrown away", async () => {
  const { host, options } = world({ [pem]: old, [fresh]: "cut off" });
  expect(await install(options)).toEqual({ kind: "none" });
  expect(host.files()).toEqual({ [pem]: old });
});

test.each([
  "disk",
  "old",
] as const)("a power cut at any step, with a front that shows the %s: a whole certificate stands there, and starting again ends as without the cut", async (shows) => {
  const whole = world({ [pem]: old, [fresh]: young }, shows);
  const wanted = await install(whole.options);
  const steps = whole.host.deeds.length;
  expect(steps).toBeGreaterThan(3);
  for (let cut = 0; cut < steps; cut += 1) {
    const { host, options } = world({ [pem]: old, [fresh]: young }, shows);
    let done = 0;
    const step = async (act: () => Promise<void>): Promise<void> => {
      if (done === cut) throw new Error("the power is gone");
      done += 1;
      await act();
    };
    const dying = {
      read: (path: string) => host.read(path),
      write: (...args: Parameters<MemoryHost["write"]>) => step(() => host.write(...args)),
      remove: (path: string) => step(() => host.remove(path)),
    };
    await expect(install({ ...options, host: dying })).rejects.toThrow("the power is gone");
    expect(checkIssued((await host.read(pem)) ?? "", ["a.example"], Date.now()).ok).toBe(true);
    // Whatever was to be proved still says so.
    if ((await host.read(fresh)) === undefined) expect(await host.read(previous)).toBeUndefined();
    else expect(await install(options)).toEqual(wanted);
    expect(host.files()).toEqual(whole.host.files());
  }
});

test("what is wrong with a certificate is said before anybody sees it", () => {
  const now = Date.now();
  const reason = (text: string, names: readonly string[] = ["a.example"], at = now): string => {
    const checked = checkIssued(text, names, at);
    return checked.ok ? "good" : checked.reason;
  };
  const [key = ""] = old.match(/-----BEGIN (EC )?PRIVATE KEY[\s\S]+/) ?? [];
  const [leaf = ""] = young.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/) ?? [];
  const other = createTestCa(tempDir())("x", "DNS:x.example");
  const { ca } = sign("again", "DNS:a.example");
  const day = 86_400_000;
  expect(reason(young)).toBe("good");
  expect(reason(young.replace("-----BEGIN PRIVATE", `${ca}-----BEGIN PRIVATE`))).toBe("good");
  expect(reason(young, ["a.example", "b.example"])).toBe("it is not for b.example");
  expect(reason(`${leaf}\n${key}`)).toBe("the key does not belong to the certificate");
  expect(reason(young.replace("-----BEGIN PRIVATE", `${other.ca}-----BEGIN PRIVATE`))).toMatch(/the chain is broken/);
  expect(reason(young, [], now + 31 * day)).toMatch(/^it ended/);
  expect(reason(young, [], now - day)).toMatch(/^it begins/);
  expect(reason("nothing")).toMatch(/no certificate/);
});
