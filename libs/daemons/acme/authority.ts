import { Agent } from "node:https";
import acme, { type Client } from "acme-client";
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
  close(): Promise<void>;
}

/** An ACME authority (RFC 8555). HAProxy answers its challenges by itself, so there is nothing to put anywhere. */
export function createAuthority(options: AuthorityOptions): Authority {
  let session: ReturnType<typeof register> | undefined;

  async function issue(names: readonly string[]): Promise<Issued> {
    let asked = false;
    try {
      session ??= register(options);
      const client = await session.catch((error: unknown) => {
        session = undefined;
        throw error;
      });
      const order = await client.createOrder({ identifiers: names.map((value) => ({ type: "dns", value })) });
      for (const authorization of await client.getAuthorizations(order)) {
        if (authorization.status === "valid") continue;
        const challenge = authorization.challenges.find(({ type }) => type === "http-01");
        if (challenge === undefined) {
          throw new Error(`the authority offers no http-01 for ${authorization.identifier.value}`);
        }
        asked = true;
        await client.completeChallenge(challenge);
        await client.waitForValidStatus(authorization);
      }
      const key = (await acme.crypto.createPrivateEcdsaKey("P-256")).toString();
      const [, request] = await acme.crypto.createCsr({ altNames: [...names] }, key);
      const chain = await client.getCertificate(await client.finalizeOrder(order, request));
      return { ok: true, pem: `${chain.trim()}\n${key.trim()}\n` };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { ok: false, kind: asked || /rate ?limit|too many/i.test(reason) ? "refused" : "directory", reason };
    }
  }

  return { issue, close: async () => undefined };
}

async function register({ directory, contact, accountKey, trust }: AuthorityOptions): Promise<Client> {
  // It has one HTTP client for all; a process has one authority.
  const defaults = acme.axios.defaults as typeof acme.axios.defaults & { acmeSettings?: object };
  defaults.httpsAgent = new Agent({ keepAlive: true, ...(trust === undefined ? {} : { ca: trust }) });
  defaults.timeout = 30_000;
  defaults.acmeSettings = { ...defaults.acmeSettings, retryMaxAttempts: 2, retryDefaultDelay: 1 };
  const waiting = { backoffAttempts: 40, backoffMin: 250, backoffMax: 3_000 };
  const client: Client = new acme.Client({ directoryUrl: directory, accountKey, ...waiting });
  await openAccount(client, contact);
  return client;
}

/**
 * The account of this key, which the other site's front may have opened already: then it is only looked up. acme-client
 * would otherwise send an update without content, which an authority may refuse (RFC 8555, 7.3.1 and 7.3.2). It does so
 * too if the account was opened between look-up and creation, but then it knows the account's URL, and that is enough.
 */
async function openAccount(client: Client, contact: string | undefined): Promise<void> {
  const account = { termsOfServiceAgreed: true, ...(contact === undefined ? {} : { contact: [`mailto:${contact}`] }) };
  try {
    await client.createAccount({ onlyReturnExisting: true });
  } catch (error) {
    if (!/account/i.test(error instanceof Error ? error.message : String(error))) throw error;
    await client.createAccount(account).catch((refused: unknown) => {
      if (!isOpen(client)) throw refused;
    });
  }
}

function isOpen(client: Client): boolean {
  try {
    return client.getAccountUrl() !== "";
  } catch {
    return false;
  }
}
