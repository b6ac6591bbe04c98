import { describe, expect, test } from "vitest";
import { parseArguments, UsageError } from "./arguments.ts";

describe("parseArguments", () => {
  test("nothing is `up` of the lab named lab", () => {
    expect(parseArguments([])).toMatchObject({ verb: "up", name: "lab", map: undefined, words: [] });
    expect(parseArguments(["--name", "two", "--map", "x.yaml"])).toMatchObject({
      verb: "up",
      name: "two",
      map: "x.yaml",
    });
  });

  test("options stand before or behind the verb", () => {
    expect(parseArguments(["status", "--json", "--name=a"])).toMatchObject({ verb: "status", json: true, name: "a" });
    expect(parseArguments(["--name", "a", "cut", "north", "south"])).toMatchObject({
      verb: "cut",
      words: ["north", "south"],
    });
  });

  test("what is behind shell and curl belongs to the command", () => {
    expect(parseArguments(["--name", "a", "shell", "north/zpod1", "ls", "--help"])).toMatchObject({
      verb: "shell",
      name: "a",
      words: ["north/zpod1", "ls", "--help"],
    });
    expect(parseArguments(["curl", "-I", "--name", "x"]).words).toEqual(["-I", "--name", "x"]);
  });

  test.each([
    [["cut", "north"]],
    [["heal", "north"]],
    [["explode"]],
    [["status", "--nope"]],
    [["power-off"]],
    [["up", "now"]],
  ])("%j makes no sense", (argv) => expect(() => parseArguments(argv)).toThrow(UsageError));

  test("help is asked for in three ways", () => {
    for (const argv of [["help"], ["--help"], ["cut", "-h"]]) expect(parseArguments(argv).verb).toBe("help");
  });
});
