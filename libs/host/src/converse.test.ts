import { expect, test } from "vitest";
import { converse } from "./converse.ts";

function talk(script: string, lines: readonly string[]) {
  const heard: string[] = [];
  return new Promise<{ heard: readonly string[]; status: number | undefined; stderr: string }>((resolve) => {
    const conversation = converse([process.execPath, "-e", script], {
      onLine: (line) => heard.push(line),
      onEnd: (end) => resolve({ heard, ...end }),
    });
    for (const line of lines) conversation.send(line);
    conversation.finish();
  });
}

test("lines go in and come out, until the input ends", async () => {
  const echo = `require("node:readline").createInterface({ input: process.stdin }).on("line", (l) => console.log("> " + l))`;
  expect(await talk(echo, ["one", "two"])).toEqual({ heard: ["> one", "> two"], status: 0, stderr: "" });
});

test("a program that breaks says why; what it said before counts", async () => {
  const { heard, status, stderr } = await talk(`console.log("first"); throw new TypeError("broken")`, ["lost"]);
  expect(heard).toEqual(["first"]);
  expect(status).toBe(1);
  expect(stderr).toContain("TypeError: broken");
});

test("a program that is not there is an end without status", async () => {
  const end = await new Promise<{ status: number | undefined; stderr: string }>((resolve) => {
    converse(["/no/such/program"], { onLine: () => {}, onEnd: resolve }).send("lost");
  });
  expect(end).toEqual({ status: undefined, stderr: expect.stringContaining("ENOENT") });
});
