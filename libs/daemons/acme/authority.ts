import { createHash } from "node:crypto";
import { Agent } from "node:https";
import { crypto as acmeCrypto, axios, Client } from "acme-client";
import type { FailureKind } from "./plan.ts";

export interface AuthorityOptions {
  /** Directory URL (RFC 8555, 7.1.1). */
  readonly directory: string;
  readonly contact: string | undefined;
  /** PEM, P-256. The same at both fronts: that is why either can answer a challenge. */
  readonly accountKey: string;
  /** PEM certificates that the directory's own TLS is checked against; undefined: node's. */
  readonly trust: string | undefined;
}

/** Chain and key as HAProxy wants them, in one PEM text; or why not. */
export type Issued =
  | { readonly ok: true; readonly pem: string }
  | { readonly ok: false; readonly kind: FailureKind; readonly reason: string };

export interface Authority {
  issue(names: readonly string[]): Promise<Issued>;
}

/** JWK thumbprint of an account key (RFC 7638). */
export function thumbprintOf(accountKey: string): string {
  const jwk = acmeCrypto.getJwk(accountKey) as { crv: string; kty: string; x: string; y: string };
  const canonical = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });
  return createHash("sha256").update(canonical).digest("base64url");
}

/** An ACME authority (RFC 8555). HAProxy answers its challenges by itself, so there is nothing to put anywhere. */
export function createAuthority({ directory, contact, accountKey, trust }: AuthorityOptions): Authority {
  // acme-client has one HTTP client for all; a service has one authority.
  Object.assign(axios.defaults, {
    httpsAgent: new Agent({ keepAlive: true, ...(trust === undefined ? {} : { ca: trust }) }),
    timeout: 30_000,
    acmeSettings: {
      ...(axios.defaults as { acmeSettings?: object }).acmeSettings,
      retryMaxAttempts: 2,
      retryDefaultDelay: 1,
    },
  });
  const client = new Client({
    directoryUrl: directory,
    accountKey,
    backoffAttempts: 40,
    backoffMin: 250,
    backoffMax: 3_000,
  });
  let account: Promise<unknown> | undefined;

  async function register(): Promise<void> {
    account ??= client.createAccount({
      termsOfServiceAgreed: true,
      ...(contact === undefined ? {} : { contact: [`mailto:${contact}`] }),
    });
    await account.catch((error: unknown) => {
      account = undefined;
      throw error;
    });
  }

  async function issue(names: readonly string[]): Promise<Issued> {
    let asked = false;
    try {
      await register();
      const order = await client.createOrder({ identifiers: names.map((value) => ({ type: "dns", value })) });
      for (const authorization of await client.getAuthorizations(order)) {
        if (authorization.status === "valid") continue;
        const challenge = authorization.challenges.find(({ type }) => type === "http-01");
        if (challenge === undefined)
          throw new Error(`the authority offers no http-01 for ${authorization.identifier.value}`);
        asked = true;
        await client.completeChallenge(challenge);
        await client.waitForValidStatus(authorization);
      }
      const key = (await acmeCrypto.createPrivateEcdsaKey("P-256")).toString();
      const [, request] = await acmeCrypto.createCsr({ altNames: [...names] }, key);
      const chain = await client.getCertificate(await client.finalizeOrder(order, request));
      return { ok: true, pem: `${chain.trim()}\n${key.trim()}\n` };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { ok: false, kind: asked || /rate ?limit|too many/i.test(reason) ? "refused" : "directory", reason };
    }
  }

  return { issue };
}
