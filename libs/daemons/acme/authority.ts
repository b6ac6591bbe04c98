import { Agent } from "node:https";
import acme, { type Client } from "acme-client";
import type { FailureKind } from "./attempts.ts";
import { reuseNonces } from "./nonces.ts";
import { noteProblems, ProblemError, type Subproblem } from "./problem.ts";

export interface AuthorityOptions {
  /** Directory URL (RFC 8555, 7.1.1). */
  readonly directory: string;
  readonly contact: string | undefined;
  /** PEM, P-256. The same at both fronts: that is why either can answer a challenge. */
  readonly accountKey: string;
  /** PEM certificates that the directory's own TLS is checked against; undefined: node's. */
  readonly trust: string | undefined;
}

export interface OrderRequest {
  readonly names: readonly string[];
  /** The certificate that this one is to follow, by its id of RFC 9773, 4.1. */
  readonly replaces?: string | undefined;
  /** One of the authority's profiles, e.g. `shortlived`. */
  readonly profile?: string | undefined;
}

/** Chain and key as HAProxy wants them, in one PEM text; or why not. */
export type Issued =
  | { readonly ok: true; readonly pem: string }
  | {
      readonly ok: false;
      readonly kind: Exclude<FailureKind, "preflight" | "unproved">;
      readonly reason: string;
      /** Which of the names it is about, with a reason each; undefined: all of them. */
      readonly names?: Readonly<Record<string, string>> | undefined;
      /** Milliseconds that the authority asked us to wait. */
      readonly retryAfter?: number | undefined;
    };

export interface Authority {
  issue(order: OrderRequest): Promise<Issued>;
  close(): Promise<void>;
}

/** An ACME authority (RFC 8555). HAProxy answers its challenges by itself, so there is nothing to put anywhere. */
export function createAuthority(options: AuthorityOptions): Authority {
  let session: ReturnType<typeof register> | undefined;

  async function issue(order: OrderRequest): Promise<Issued> {
    const refused: Record<string, string> = {};
    try {
      session ??= register(options);
      const client = await session.catch((error: unknown) => {
        session = undefined;
        throw error;
      });
      return { ok: true, pem: await obtain(client, order, refused) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (Object.keys(refused).length > 0) return { ok: false, kind: "refused", reason, names: refused };
      if (!(error instanceof ProblemError)) return { ok: false, kind: "directory", reason };
      const { retryAfter } = error;
      if (error.type === "rateLimited") return { ok: false, kind: "limited", reason, retryAfter };
      return { ok: false, kind: "directory", reason, names: namesIn(error.subproblems), retryAfter };
    }
  }

  return { issue, close: async () => undefined };
}

async function obtain(client: Client, request: OrderRequest, refused: Record<string, string>): Promise<string> {
  const { names } = request;
  const order = await newOrder(client, request);
  const authorizations = await client.getAuthorizations(order);
  await Promise.all(
    authorizations.map(async (authorization) => {
      if (authorization.status === "valid") return;
      const name = authorization.identifier.value;
      const challenge = authorization.challenges.find(({ type }) => type === "http-01");
      if (challenge === undefined) throw new Error(`the authority offers no http-01 for ${name}`);
      await client.completeChallenge(challenge);
      await client.waitForValidStatus(authorization).catch((error: unknown) => {
        refused[name] = error instanceof Error ? error.message : String(error);
      });
    }),
  );
  const [first] = Object.entries(refused);
  if (first !== undefined) throw new Error(`${first[0]}: ${first[1]}`);
  const key = (await acme.crypto.createPrivateEcdsaKey("P-256")).toString();
  const [, csr] = await acme.crypto.createCsr({ altNames: [...names] }, key);
  const chain = await client.getCertificate(await client.finalizeOrder(order, csr));
  return `${chain.trim()}\n${key.trim()}\n`;
}

/** An order that says what it follows; an authority that won't hear of that (RFC 9773, 5) is asked once more without. */
async function newOrder(client: Client, { names, replaces, profile }: OrderRequest) {
  const order = {
    identifiers: names.map((value) => ({ type: "dns", value })),
    ...(profile === undefined ? {} : { profile }),
  };
  if (replaces === undefined) return client.createOrder(order);
  try {
    return await client.createOrder({ ...order, replaces } as typeof order);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.type === "rateLimited" || error.status >= 500) throw error;
    return client.createOrder(order);
  }
}

function namesIn(subproblems: readonly Subproblem[]): Readonly<Record<string, string>> | undefined {
  const named = subproblems.map(({ identifier, detail }) => [identifier, detail] as const);
  return named.length === 0 ? undefined : Object.fromEntries(named);
}

async function register({ directory, contact, accountKey, trust }: AuthorityOptions): Promise<Client> {
  // It has one HTTP client for all; a process has one authority.
  const defaults = acme.axios.defaults as typeof acme.axios.defaults & { acmeSettings?: object };
  defaults.httpsAgent = new Agent({ keepAlive: true, ...(trust === undefined ? {} : { ca: trust }) });
  defaults.timeout = 30_000;
  // It would sit out whatever Retry-After says, an hour too: waits belong to the planner.
  defaults.acmeSettings = { ...defaults.acmeSettings, retryMaxAttempts: 0 };
  noteProblems(acme.axios);
  const waiting = { backoffAttempts: 40, backoffMin: 250, backoffMax: 3_000 };
  const client: Client = new acme.Client({ directoryUrl: directory, accountKey, ...waiting });
  // Not in its types: a version without it asks for each, as it comes.
  if (hasNonces(client)) reuseNonces(client, acme.axios);
  await openAccount(client, contact);
  return client;
}

function hasNonces(client: object): client is { readonly http: { getNonce(): Promise<string> } } {
  const { http } = client as { readonly http?: { readonly getNonce?: unknown } };
  return typeof http?.getNonce === "function";
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
