import { describe, expect, test } from "vitest";
import { parseAnswer } from "./http-answer.ts";

const said = (stdout: string, status = 0, stderr = "") => parseAnswer({ status, stdout, stderr });

describe("parseAnswer", () => {
  test("reads status, headers and a body that has blank lines", () => {
    const answer = said("HTTP/2 200 \r\nX-Zcloud-Site: north\r\nserver: a:b\r\n\r\none\r\n\r\ntwo");
    expect(answer).toEqual({
      exit: 0,
      status: 200,
      headers: { "x-zcloud-site": "north", server: "a:b" },
      body: "one\r\n\r\ntwo",
      error: "",
    });
  });

  test("skips what only announces the answer", () => {
    expect(said("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 503 No\r\n\r\nsorry")).toMatchObject({
      status: 503,
      headers: {},
      body: "sorry",
    });
  });

  test("says what curl said when nothing came", () => {
    expect(said("", 28, "curl: (28) timed out\n")).toMatchObject({
      exit: 28,
      status: 0,
      error: "curl: (28) timed out",
    });
  });
});
