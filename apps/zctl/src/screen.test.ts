import { expect, test } from "vitest";
import { count, duration, printable, Screen, type Terminal, table, terminal } from "./screen.ts";

function tty(colour: boolean): Terminal & { said: string } {
  const to = { said: "", colour, live: false, out: (text: string) => say(text), err: () => {} };
  const say = (text: string): void => {
    to.said += text;
  };
  return to;
}

test("columns are as wide as what is seen, not as the colours in it", () => {
  const red = "\u001b[31mab\u001b[39m";
  expect(
    table([
      [red, "x"],
      ["abcd", "y"],
    ]),
  ).toEqual([`${red}    x`, "abcd  y"]);
});

test("text from hosts cannot steer the terminal", () => {
  expect(printable("a\u001b[2Jb\u0007c\u009b31md\ne\tf")).toBe("ab\ufffdcd\ne\tf");
  expect(printable("a\ne\tf")).toBe("a\ne\tf");
});

test("colours go to a terminal that wants them, and never into JSON", () => {
  const colourful = new Screen(tty(true), false);
  expect(colourful.paint("red", "x")).toBe("\u001b[31mx\u001b[39m");
  expect(new Screen(tty(false), false).paint("red", "x")).toBe("x");
  expect(new Screen(tty(true), true).paint("red", "x")).toBe("x");
  const stream = { isTTY: true, write: () => true } as unknown as NodeJS.WriteStream;
  expect(terminal({}, stream, stream).colour).toBe(true);
  expect(terminal({ NO_COLOR: "1" }, stream, stream).colour).toBe(false);
  expect(terminal({ TERM: "dumb" }, stream, stream)).toMatchObject({ colour: false, live: false });
});

test("in JSON mode the document is all that reaches standard output", () => {
  const to = tty(false);
  const screen = new Screen(to, true);
  screen.line("for people");
  screen.json({ v: 1 });
  expect(JSON.parse(to.said)).toEqual({ v: 1 });
});

test.each([
  [31, "31 ms"],
  [2100, "2.1 s"],
  [180_000, "3 min"],
  [31 * 3_600_000, "31 h"],
  [6 * 86_400_000, "6 d"],
])("%i ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

test("one host, two hosts", () => expect([count(1, "host"), count(2, "host")]).toEqual(["1 host", "2 hosts"]));
