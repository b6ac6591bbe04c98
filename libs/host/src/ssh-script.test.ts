import { expect, test } from "vitest";
import { runProcess } from "./process.ts";
import { parseRemote, remoteScript } from "./ssh-script.ts";

/** Runs what ssh would give to the login shell of the other side. */
const there = (script: string, input = "") => runProcess(["bash", "-c", script], { input });

test("the command's words, input and status survive the journey", async () => {
  const script = remoteScript({
    argv: ["sh", "-c", 'cat; printf "%s" "$1" >&2; exit 255', "sh", "it's $HOME"],
    timeout: 5,
  });
  const result = await there(script, "in");
  expect(result.stdout).toBe("in");
  expect(parseRemote(result.stderr)).toEqual({ begun: true, status: 255, stderr: "it's $HOME" });
});

test("directory and environment", async () => {
  const script = remoteScript({ argv: ["sh", "-c", 'echo "$PWD $A"'], cwd: "/usr/bin", env: { A: "x y" }, timeout: 5 });
  expect((await there(script)).stdout).toBe("/usr/bin x y\n");
});

test("a missing directory is a failure of the command", async () => {
  const result = await there(remoteScript({ argv: ["true"], cwd: "/no/such", timeout: 5 }));
  expect(parseRemote(result.stderr).status).toBeGreaterThan(0);
});

test("without marks ssh itself speaks; with the first one only, the connection broke", () => {
  expect(parseRemote("ssh: connect to host x: refused")).toEqual({
    begun: false,
    status: undefined,
    stderr: "ssh: connect to host x: refused",
  });
  expect(parseRemote("<<zcloud begin>>working\n")).toEqual({ begun: true, status: undefined, stderr: "working\n" });
});
