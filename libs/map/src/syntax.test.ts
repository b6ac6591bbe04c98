import { describe, expect, it } from "vitest";
import { goodMap, problemsOf, spoil, spoilAt } from "./base-map.test-support.ts";

describe("YAML that is none", () => {
  it.each([
    ["a tab", "domain: a.example\nsites:\n\tnorth: {}\n", ["3:1  a tab; indent with spaces"]],
    ["a reserved character", "domain: @home\n", ["1:9  text can't begin with this character; put it in quotes"]],
    [
      "a second document",
      "domain: a.example\n---\ndomain: b.example\n",
      ["2:1  a second document begins here; a map is one: remove the ---"],
    ],
    [
      "an unquoted colon",
      "domain: a: b\n",
      ["1:9  the indentation doesn't fit the line above, or text with a colon needs quotes"],
    ],
    [
      "lost indentation",
      "domain: a.example\n witness: {}\n",
      ["1:9  the indentation doesn't fit the line above, or text with a colon needs quotes"],
    ],
    ["nothing", "", ["1:1  the file is empty; begin with domain, operators and sites"]],
    ["only comments", "# a map\n", ["1:1  the file is empty; begin with domain, operators and sites"]],
    ["a word", "hello\n", ["1:1  hello is not a mapping"]],
    ["a list", "- domain: a.example\n", ["1:1  a list is not a mapping"]],
  ])("%s", (_, text, problems) => {
    const found = problemsOf(text);
    for (const problem of problems) expect(found).toContain(problem);
    expect(found.filter((problem) => !problem.includes("is missing"))).toEqual(problems);
  });

  it("is reported once a line, however often the parser complains", () => {
    const found = problemsOf("sites: [1, 2\ndomain: a.example\n- x\n");
    const lines = found.map((problem) => problem.split(":")[0]);
    expect(new Set(lines).size).toBe(lines.length);
    expect(found.length).toBeGreaterThan(0);
  });
});

describe("text that is no text", () => {
  it("is refused before it is parsed", () => {
    expect(problemsOf("domain: a\u0000b\n")).toEqual(["1:10  a control character; save the file as plain UTF-8 text"]);
    expect(problemsOf(`domain: ${"a".repeat(9000)}`)).toEqual(["1:8192  a line is longer than 8192 characters"]);
    expect(problemsOf("a: b\n".repeat(200_000))).toEqual(["1:1  the file is larger than 512K; is it a map?"]);
  });

  it("and brackets without end too, which would exhaust the parser", () => {
    expect(problemsOf("[".repeat(5000))).toEqual(["1:41  brackets are nested too deep; is one not closed?"]);
    expect(problemsOf("{\n".repeat(5000))).toEqual(["41:1  brackets are nested too deep; is one not closed?"]);
  });

  it("says where a file is not UTF-8", () => {
    // What a decoder makes of Latin-1.
    const { text, at } = spoilAt(["gardenclub", "garten§\ufffd"]);
    expect(problemsOf(text)).toContain(`${at}  not UTF-8 here; save the file as UTF-8`);
  });

  it("is read with a byte order mark and with CRLF as without", () => {
    expect(problemsOf(`\ufeff${goodMap}`)).toEqual([]);
    expect(problemsOf(goodMap.replaceAll("\n", "\r\n"))).toEqual([]);
    const crlf = spoil(["10.64.2.0/24", "10.64.1.0/24"]).replaceAll("\n", "\r\n");
    expect(problemsOf(crlf)).toEqual(problemsOf(crlf.replaceAll("\r", "")));
    expect(problemsOf(crlf)[0]).toMatch(/^11:14 {2}sites\.south\.network {2}/);
  });
});

describe("YAML that a map has no use for", () => {
  it("takes a wildcard without quotes for what it was meant to be, and goes on", () => {
    const alias = spoilAt(['"*.garden.example.net"', "§*.garden.example.net"]);
    expect(problemsOf(alias.text)).toEqual([
      `${alias.at}  tenants.garden.names[0]  put it in quotes: "*.garden.example.net"`,
    ]);
    const clash = alias.text.replace("mail.example.net", "w.garden.example.net");
    expect(problemsOf(clash)[1]).toContain("tenants.mail.names[0]  w.garden.example.net and *.garden.example.net");
  });

  it("refuses aliases, bombs among them, and anchors", () => {
    const bomb = `a: &a [x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\n`;
    const found = problemsOf(bomb);
    expect(found).toContain("1:7  a  &a: a map has no anchors; put text that begins with & in quotes");
    expect(found).toContain("2:8  b[0]  *a: a map has no aliases; write the value out");
    expect(problemsOf("domain: *missing\n")).toContain(
      "1:9  domain  *missing: a map has no aliases; write the value out",
    );
  });

  it.each([
    "*x\n",
    "*x : 1\n",
    "? *x\n: 1\n",
    "- *x\n",
    "a: [*x]\n",
    "&a *b\n",
    "<<: *x\n",
  ])("refuses the alias of %j, wherever it stands", (text) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(/\*x: a map has no aliases|An alias node/));
  });

  it("refuses tags", () => {
    const { text, at } = spoilAt(["domain: example.net", "domain: !public §example.net"]);
    expect(problemsOf(text)).toEqual([
      `${at}  domain  !public: a map has no tags; put text that begins with ! in quotes`,
    ]);
  });

  it("names both places of a key that stands twice", () => {
    const { text, at } = spoilAt(["tenants:", "§witness: { address: 192.0.2.8 }\ntenants:"]);
    const first = goodMap.split("\n").findIndex((line) => line.startsWith("witness:")) + 1;
    expect(problemsOf(text)).toEqual([`${at}  witness  witness stands here twice; the first is on line ${first}`]);
  });

  it("checks the one that counts of a key that stands twice", () => {
    const { text, at } = spoilAt(["tenants:", "witness: { address: §nowhere }\ntenants:"]);
    expect(problemsOf(text)).toContainEqual(
      expect.stringContaining(`${at}  witness.address  nowhere is not an IPv4 address`),
    );
  });

  it("says one thing of a place, and goes on with the rest", () => {
    expect(problemsOf(spoil(["domain: example.net", "domain: *missing"]))).toHaveLength(1);
    const found = problemsOf(spoil(["domain: example.net", "domain: @home"], ["port: 25", "port: 443"]));
    expect(found).toEqual([expect.stringContaining("text can't begin with"), expect.stringContaining("tcp.smtp.port")]);
  });

  it("refuses keys that aren't what they seem", () => {
    const octal = spoilAt(["garden:", "§007:"]);
    expect(problemsOf(octal.text)).toEqual([`${octal.at}  tenants.7  007 can't be a key; put a name in quotes`]);
    const prototype = spoilAt(["garden:", "§__proto__:"]);
    expect(problemsOf(prototype.text)[0]).toBe(
      `${prototype.at}  tenants.__proto__  __proto__ can't be a key; put a name in quotes`,
    );
    const template = spoilAt(["domain: example.net", "domain: { §{{ domain }}: x }"]);
    expect(problemsOf(template.text)).toContain(
      `${template.at}  domain  a mapping or list can't be a key; is a quote missing?`,
    );
    expect(problemsOf(spoil(["garden:", "4114:"]))).toEqual([]);
  });
});
