import { connect as dialTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

let sites: TwoFronts;
let backend: Backend;
const name = "web.demo.lab.example";

beforeAll(async () => {
  backend = await startBackend("web");
  sites = await twoFronts();
  await sites.north.serve([endpoint("north", "web", [backend.port])], []);
});

afterAll(() => {
  backend.kill("SIGKILL");
  sites.remove();
});

/** Sends bytes as they are; what comes back until the front closes, or has been silent for a moment. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dialTls({
      port: sites.north.ports.https,
      host: "127.0.0.1",
      servername: name,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    });
    let answer = "";
    let silence: NodeJS.Timeout | undefined;
    const done = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("secureConnect", () => {
      socket.write(Buffer.from(bytes, "latin1"));
      silence = setTimeout(done, 1_500);
    });
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      clearTimeout(silence);
      silence = setTimeout(done, 500);
    });
    socket.on("close", done);
    socket.on("error", reject);
  });
}

const post = (headers: string, body = ""): string =>
  `POST /first HTTP/1.1\r\nHost: ${name}\r\n${headers}\r\n\r\n${body}`;
const second = `GET /smuggled HTTP/1.1\r\nHost: ${name}\r\n\r\n`;

async function asked(): Promise<readonly string[]> {
  return (await backend.asked()).map(({ url }) => url);
}

/** RFC 9112: 2.2, 5.1, 5.2, 6.1, 6.3; each has been used to make two servers see different requests. */
test.each([
  ["two lengths that differ", post(`Content-Length: 5\r\nContent-Length: 6`, "hello!")],
  ["a length that is a list of two", post("Content-Length: 5, 6", "hello!")],
  ["a negative length", post("Content-Length: -1", second)],
  ["a length with a sign", post("Content-Length: +5", "hello")],
  ["a length in hexadecimal", post("Content-Length: 0x5", "hello")],
  ["a coding that is not chunked last", post("Transfer-Encoding: chunked, identity", `0\r\n\r\n${second}`)],
  ["a coding that nobody knows", post("Transfer-Encoding: xchunked", `0\r\n\r\n${second}`)],
  ["a space before the colon", post("Transfer-Encoding : chunked", `0\r\n\r\n${second}`)],
  ["a field name with a space", post("Content Length: 5", "hello")],
  ["a NUL in a value", post("X-A: a\0b\r\nContent-Length: 0")],
  ["a bare CR in a value", post("X-A: a\rTransfer-Encoding: chunked\r\nContent-Length: 0")],
  ["no host", `GET /first HTTP/1.1\r\n\r\n${second}`],
  ["two hosts", `GET /first HTTP/1.1\r\nHost: ${name}\r\nHost: other.example\r\n\r\n`],
  ["a control character in the target", `GET /fi\x01rst HTTP/1.1\r\nHost: ${name}\r\n\r\n`],
  ["a chunk size that overflows", post("Transfer-Encoding: chunked", `fffffffffffffffff\r\nx\r\n0\r\n\r\n${second}`)],
  ["a chunk without its end", post("Transfer-Encoding: chunked", `3\r\nabcX0\r\n\r\n${second}`)],
  ["a version that there isn't", `GET /first HTTP/11.1\r\nHost: ${name}\r\n\r\n`],
])("%s: refused, the connection ends, and nothing that was hidden in it is carried out", async (_, bytes) => {
  const before = await asked();
  const answer = await raw(bytes);
  expect(answer).toMatch(/^HTTP\/1\.1 (400|411|422|501|505) /);
  expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  expect((await asked()).slice(before.length)).not.toContain("/smuggled");
});

test("a length beside a coding: the coding counts, the length is not passed on, the connection ends (RFC 9112, 6.3)", async () => {
  const before = await asked();
  const answer = await raw(post("Content-Length: 4\r\nTransfer-Encoding: chunked", `5\r\nhello\r\n0\r\n\r\n${second}`));
  expect(answer).toMatch(/^HTTP\/1\.1 (200|400) /);
  const body = answer.startsWith("HTTP/1.1 200")
    ? JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1))
    : {};
  expect(body.headers?.["content-length"]).toBeUndefined();
  expect((await asked()).slice(before.length)).not.toContain("/smuggled");
});

test("headers by which a visitor could say who he is, in any spelling, do not reach the application", async () => {
  const forged = [
    "X-Forwarded-For: 203.0.113.9",
    "X_Forwarded_For: 203.0.113.9",
    "X-Forwarded-Proto: http",
    "X-Real-IP: 203.0.113.9",
    "Forwarded: for=203.0.113.9",
    "X-Zcloud-Site: south",
    "Proxy: http://203.0.113.9",
  ].join("\r\n");
  const answer = await raw(`GET / HTTP/1.1\r\nHost: ${name}\r\n${forged}\r\nConnection: close\r\n\r\n`);
  const { headers } = JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
  expect(JSON.stringify(headers)).not.toContain("203.0.113.9");
  expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
  expect(headers["x-forwarded-proto"]).toBe("https");
  expect(headers["x-zcloud-site"]).toBeUndefined();
});

test("a head that is larger than any browser's is refused", async () => {
  expect(await raw(`GET / HTTP/1.1\r\nHost: ${name}\r\nX-Big: ${"x".repeat(40_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 (400|431) /,
  );
  const many = Array.from({ length: 200 }, (_, index) => `X-H${index}: x`).join("\r\n");
  expect(await raw(`GET / HTTP/1.1\r\nHost: ${name}\r\n${many}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 (400|431) /);
});
