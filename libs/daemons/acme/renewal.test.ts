import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestCa, tempDir } from "@zcloud/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { day, held, hour, now } from "./plan.test-support.ts";
import { retryAfterOf } from "./problem.ts";
import { type Answered, chooseTime, noteAnswer, predecessor, questions, renewAt } from "./renewal.ts";
import { certificateId } from "./renewal-info.ts";

const mine = held("a.example", 10);
const window = { start: now + 20 * day, end: now + 22 * day };
const told = (answered: Answered, random = 0.5, before?: ReturnType<typeof noteAnswer>, at = now) =>
  noteAnswer(before, { held: mine, id: "key.serial", answered, now: at, random });

test("a time in the window, chosen once: it stays while the window does", () => {
  const first = told({ window, retryAfter: 3_600_000 });
  expect(first).toMatchObject({ at: now + 21 * day, askAt: now + hour, failures: 0, window });
  expect(told({ window, retryAfter: undefined }, 0.9, first)).toMatchObject({ at: first.at, askAt: now + 6 * hour });
  const moved = { start: now + 30 * day, end: now + 31 * day };
  expect(told({ window: moved, retryAfter: 0 }, 0, first)).toMatchObject({ at: moved.start, askAt: now + 60_000 });
});

test("without an answer what was said before holds, and it is asked again; an authority without opinion is asked tomorrow", () => {
  const first = told({ window, retryAfter: 3_600_000 });
  const failed = told("failed", 0, told("failed", 0, first));
  expect(failed).toMatchObject({ at: first.at, window, failures: 2, askAt: now + 240_000 });
  expect(told("unsupported")).toEqual({
    ...{ fingerprint: mine.fingerprint, id: "key.serial", askAt: now + day, failures: 0 },
  });
  expect(renewAt(mine, { "a.example": told("unsupported") })).toEqual({ at: now + 50 * day, why: "third" });
  expect(renewAt(mine, { "a.example": first })).toEqual({ at: first.at, why: "authority" });
});

test("what was said of another certificate counts for nothing", () => {
  const renewals = { "a.example": told({ window, retryAfter: undefined }) };
  const next = held("a.example", 0);
  expect(renewAt(next, renewals).why).toBe("third");
  expect(predecessor(next, renewals)).toBeUndefined();
  expect(predecessor(mine, renewals)).toBe("key.serial");
  expect(predecessor(mine, { "a.example": told("unsupported") })).toBeUndefined();
  expect(questions([mine, next], renewals, now).map(({ fingerprint }) => fingerprint)).toEqual([next.fingerprint]);
  expect(questions([mine], renewals, now + 6 * hour)).toEqual([mine]);
});

test("property: the chosen time lies in the window, or is now where that is past, within bounds that keep it sane", () => {
  const times = fc.integer({ min: -200, max: 200 }).map((days) => now + days * day);
  fc.assert(
    fc.property(
      times,
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 89 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (start, days, age, random) => {
        const certificate = held("a.example", age);
        const asked = { start, end: start + days * day };
        const at = chooseTime(asked, certificate, now, random);
        const [earliest, latest] = [certificate.notBefore + hour, certificate.notAfter - 7.5 * day];
        expect(at).toBeGreaterThanOrEqual(earliest);
        expect(at).toBeLessThanOrEqual(Math.max(earliest, latest));
        if (asked.end <= now) expect(at).toBeLessThanOrEqual(Math.max(now, earliest));
        else if (asked.start >= now && at > earliest && at < latest) {
          expect(at).toBeGreaterThanOrEqual(asked.start);
          expect(at).toBeLessThanOrEqual(asked.end);
        }
      },
    ),
  );
});

test("the id of a certificate is its authority's key identifier and its serial number, as RFC 9773 has them", () => {
  const directory = tempDir();
  createTestCa(directory);
  const openssl = (...args: readonly string[]) =>
    execFileSync("openssl", args, { cwd: directory, encoding: "utf8", stdio: "pipe" });
  openssl(
    "req",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    "k",
    "-out",
    "csr",
    "-subj",
    "/CN=x",
  );
  writeFileSync(join(directory, "ext"), "authorityKeyIdentifier=keyid\n");
  const make = (serial: string): string => {
    openssl(
      "x509",
      "-req",
      "-in",
      "csr",
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-set_serial",
      serial,
      "-extfile",
      "ext",
      "-out",
      "crt",
    );
    return openssl("x509", "-in", "crt");
  };
  const text = openssl("x509", "-in", "ca.crt", "-noout", "-ext", "subjectKeyIdentifier");
  const key = Buffer.from((text.match(/[0-9A-F]{2}(:[0-9A-F]{2})+/)?.[0] ?? "").replaceAll(":", ""), "hex");
  expect(key).toHaveLength(20);
  const id = (serial: string) => `${key.toString("base64url")}.${Buffer.from(serial, "hex").toString("base64url")}`;
  expect(certificateId(make("0x1234"))).toBe(id("1234"));
  // A number whose first bit is set has a zero before it (X.690, 8.3): 0x87654321 -> AIdlQyE, the RFC's example.
  expect(certificateId(make("0x87654321"))).toBe(id("0087654321"));
  expect(certificateId(make("0x87654321"))).toMatch(/\.AIdlQyE$/);
  writeFileSync(join(directory, "ext"), "authorityKeyIdentifier=none\n");
  expect(certificateId(make("0x1234"))).toBeUndefined();
});

test.each<[unknown, number | undefined]>([
  [{ "retry-after": "120" }, 120_000],
  [{ "retry-after": new Date(now + 60_000).toUTCString() }, 60_000],
  [{ "retry-after": "soon" }, undefined],
  [{}, undefined],
])("Retry-After %j: %s ms", (headers, ms) => {
  expect(retryAfterOf(headers, now)).toBe(ms);
});
