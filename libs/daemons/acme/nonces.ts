import type acme from "acme-client";

type HttpClient = typeof acme.axios;

/** The part of acme-client that asks for a nonce before every request, which is half of all requests. */
interface NonceSource {
  readonly http: { getNonce(): Promise<string> };
}

/** More are not kept: they grow old. */
const most = 50;

/**
 * Every answer of an authority brings a nonce for a next request (RFC 8555, 6.5): those are used first. One that has grown
 * old is refused with another in the same answer, and acme-client tries again with that by itself.
 */
export function reuseNonces(client: NonceSource, http: HttpClient): void {
  const pool: string[] = [];
  http.interceptors.response.use((response) => {
    const nonce: unknown = response.headers["replay-nonce"];
    // The answers to `getNonce` and to an old nonce are spoken for.
    const spare = response.config.method !== "head" && response.status < 400;
    if (spare && typeof nonce === "string" && pool.length < most) pool.push(nonce);
    return response;
  });
  const ask = client.http.getNonce.bind(client.http);
  client.http.getNonce = async () => pool.pop() ?? ask();
}
