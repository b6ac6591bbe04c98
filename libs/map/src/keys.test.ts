import { describe, expect, it } from "vitest";
import { formatProblem, loadKeys } from "./index.ts";

const nkey = `U${"A".repeat(55)}`;
const good = {
  v: 1,
  ca: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  acmeThumbprint: null as string | null,
  hosts: { "north/zfront": { nkey } },
};
const problemsOf = (text: string) => {
  const result = loadKeys(text, "zcloud.keys.json");
  return result.ok ? [] : result.problems.map(formatProblem);
};

describe("zcloud.keys.json", () => {
  it("is read", () => {
    expect(loadKeys(JSON.stringify(good), "k")).toEqual({ ok: true, keys: good });
    expect(problemsOf(JSON.stringify({ ...good, acmeThumbprint: "a".repeat(43) }))).toEqual([]);
  });

  it("has all its problems told, with their places", () => {
    const text = JSON.stringify(
      { ...good, v: 2, extra: 1, hosts: { "north/zfront": { nkey: `S${nkey.slice(1)}` }, zpod: { nkey } } },
      null,
      2,
    );
    expect(problemsOf(text)).toEqual([
      "zcloud.keys.json:2:8  v  2 is not 1",
      "zcloud.keys.json:7:15  hosts.north/zfront.nkey  must be a public user nkey: U and 55 of A-Z and 2-7",
      "zcloud.keys.json:9:5  hosts.zpod  must be site/host, e.g. north/zpod1",
      "zcloud.keys.json:13:3  extra  extra is not known here; known are v, ca, acmeThumbprint, hosts",
    ]);
  });

  it("never holds a private key", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    expect(problemsOf(JSON.stringify({ ...good, ca: key }))).toHaveLength(1);
    expect(problemsOf(JSON.stringify({ ...good, ca: good.ca + key }))).toHaveLength(1);
  });

  it("must be JSON", () => {
    expect(problemsOf("v: 1")).toEqual([
      expect.stringMatching(/^zcloud\.keys\.json:1:1 {2}this is not JSON .*; write it again with zctl pki$/),
    ]);
    expect(problemsOf("")).toHaveLength(1);
    expect(problemsOf("[]")).toHaveLength(1);
  });
});
