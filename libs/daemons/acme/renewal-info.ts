import { X509Certificate } from "node:crypto";
import { Agent, request } from "node:https";
import * as z from "zod";
import { retryAfterOf } from "./problem.ts";
import type { Answered } from "./renewal.ts";

/** One element of DER (X.690, 8.1): where its content begins and ends. */
interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

const tags = { sequence: 0x30, integer: 0x02, octets: 0x04, keyIdentifier: 0x80, extensions: 0xa3 } as const;
/** id-ce-authorityKeyIdentifier, 2.5.29.35. */
const authorityKeyIdentifier = "551d23";

function elements(der: Buffer, from: number, to: number): readonly Element[] {
  const found: Element[] = [];
  for (let at = from; at + 2 <= to; ) {
    const short = der.readUInt8(at + 1);
    const bytes = short < 0x80 ? 0 : short & 0x7f;
    const start = at + 2 + bytes;
    const end = start + (bytes === 0 ? short : der.readUIntBE(at + 2, bytes));
    if (end > to) throw new RangeError("a certificate is cut off");
    found.push({ tag: der.readUInt8(at), start, end });
    at = end;
  }
  return found;
}

const inside = (der: Buffer, element: Element | undefined): readonly Element[] =>
  element === undefined ? [] : elements(der, element.start, element.end);

/**
 * How an authority calls a certificate when asked about its renewal (RFC 9773, 4.1): key identifier of who signed it, and
 * serial number as it stands in the certificate. Undefined: it names no key identifier.
 */
export function certificateId(pem: string): string | undefined {
  const der = new X509Certificate(pem).raw;
  const [certificate] = elements(der, 0, der.length);
  const [body] = inside(der, certificate);
  const parts = inside(der, body);
  const serial = parts.find(({ tag }) => tag === tags.integer);
  const [list] = inside(
    der,
    parts.find(({ tag }) => tag === tags.extensions),
  );
  for (const extension of inside(der, list)) {
    const [oid, ...rest] = inside(der, extension);
    if (oid === undefined || der.toString("hex", oid.start, oid.end) !== authorityKeyIdentifier) continue;
    const [sequence] = inside(
      der,
      rest.find(({ tag }) => tag === tags.octets),
    );
    const key = inside(der, sequence).find(({ tag }) => tag === tags.keyIdentifier);
    if (key === undefined || serial === undefined) return undefined;
    return `${der.toString("base64url", key.start, key.end)}.${der.toString("base64url", serial.start, serial.end)}`;
  }
  return undefined;
}

const Directory = z.looseObject({ renewalInfo: z.string().startsWith("https://").optional() });
/** RFC 9773, 4.2. */
const RenewalInfo = z.looseObject({
  suggestedWindow: z.looseObject({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) }),
  explanationURL: z.string().optional(),
});

export type AskRenewal = (id: string) => Promise<Answered>;

/** Asks an authority when certificates are to be renewed. It needs no account and keeps nothing of ours but the directory. */
export function renewalInfo(directory: string, trust: string | undefined): AskRenewal {
  const agent = new Agent(trust === undefined ? {} : { ca: trust });
  let known: { readonly url: string | undefined; readonly until: number } | undefined;

  async function where(): Promise<string | undefined> {
    if (known === undefined || known.until < Date.now()) {
      const { renewalInfo: url } = Directory.parse((await get(directory, agent)).body);
      known = { url, until: Date.now() + 3_600_000 };
    }
    return known.url;
  }

  return async (id) => {
    try {
      const url = await where();
      if (url === undefined) return "unsupported";
      const { body, retryAfter } = await get(`${url.replace(/\/$/, "")}/${id}`, agent);
      const { suggestedWindow, explanationURL } = RenewalInfo.parse(body);
      const window = { start: Date.parse(suggestedWindow.start), end: Date.parse(suggestedWindow.end) };
      if (window.end <= window.start) return "failed";
      return { window, explanation: explanationURL, retryAfter };
    } catch {
      return "failed";
    }
  };
}

/** Milliseconds and characters that an answer may take. */
const patience = 10_000;
const most = 100_000;

function get(url: string, agent: Agent): Promise<{ readonly body: unknown; readonly retryAfter: number | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, timeout: patience, headers: { "user-agent": "zcloud" } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > most) response.destroy(new RangeError(`${url} says more than ${most} characters`));
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode !== 200) return reject(new Error(`${url} answers ${response.statusCode}`));
        try {
          resolve({ body: JSON.parse(text), retryAfter: retryAfterOf(response.headers, Date.now()) });
        } catch (error) {
          reject(error);
        }
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`${url}: no answer within ${patience} ms`)));
    sent.on("error", reject);
    sent.end();
  });
}
