import { randomUUID } from "node:crypto";
import type { Msg } from "@nats-io/transport-node";
import {
  CompactEncrypt,
  type CompactJWEHeaderParameters,
  compactDecrypt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import * as z from "zod";
import { type Link, pause, text as said } from "./link.ts";
import { signingKeyOf, verifyingKeyOf } from "./nkeys.ts";
import type { BusLogger } from "./options.ts";

/**
 * A question that one host puts to another of its site, and the answer. The bus carries both and is trusted with neither: the question
 * is signed by the asker's key (JWS, EdDSA), the answer signed by the other's and encrypted for a key that the asker made for it alone
 * (JWE, ECDH-ES on X25519, A256GCM). Whose key is whose says the map that an operator signed.
 */
export type Answer =
  | { readonly kind: "done"; readonly value: unknown }
  /** Another try can't help. */
  | { readonly kind: "refused"; readonly reason: string; readonly remedy: string }
  /** Not now. */
  | { readonly kind: "failed"; readonly reason: string };

/** Public user key (nkey, `U...`) of a host; undefined: it has none. */
export type KeyOf = (host: string) => string | undefined;

/** `zc.ask.north.zstore.zpod1`: only zpod1 may speak there, only zstore may listen. @param from `north/zpod1`, or `*` for everybody's */
export function questionSubject(to: string, from: string): string {
  return `zc.ask.${to.replace("/", ".")}.${from.slice(from.indexOf("/") + 1)}`;
}

/** Seconds for which a question is good; clocks of a site differ by less than a second unless one is wrong. */
const life = 60;
const signature = "EdDSA";
const encryption: CompactJWEHeaderParameters = { alg: "ECDH-ES", enc: "A256GCM" };

const Question = z.looseObject({ jti: z.string(), reply: z.looseObject({ kty: z.literal("OKP"), x: z.string() }) });
const Answered = z.looseObject({
  answer: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("done"), value: z.unknown() }),
    z.strictObject({ kind: z.literal("refused"), reason: z.string(), remedy: z.string() }),
    z.strictObject({ kind: z.literal("failed"), reason: z.string() }),
  ]),
});

export interface Speaker {
  /** `north/zpod1` */
  readonly self: string;
  /** Its nkey seed. */
  readonly seed: string;
  readonly keyOf: KeyOf;
  /** The time of day, milliseconds; this host's own by default. */
  readonly now?: () => number;
}

/** A question ready to be sent, and how to read what comes back. */
export interface OpenQuestion {
  readonly text: string;
  /** @throws Error if the answer is not the other's, or not for this question */
  read(answer: string): Promise<Answer>;
}

export async function sealQuestion(
  { self, seed, keyOf, now = Date.now }: Speaker,
  to: string,
  question: unknown,
): Promise<OpenQuestion> {
  const key = keyOf(to);
  if (key === undefined) throw new Error(`ask ${to}: the keys of the map have none of it; zctl pki`);
  const reply = await generateKeyPair("ECDH-ES", { crv: "X25519" });
  const id = randomUUID();
  const text = await new SignJWT({ question, reply: await exportJWK(reply.publicKey) })
    .setProtectedHeader({ alg: signature })
    .setIssuer(self)
    .setAudience(to)
    .setIssuedAt(Math.floor(now() / 1_000))
    .setJti(id)
    .sign(signingKeyOf(seed));
  return {
    text,
    async read(answer) {
      const { plaintext } = await compactDecrypt(answer, reply.privateKey);
      const { payload } = await jwtVerify(Buffer.from(plaintext).toString(), verifyingKeyOf(key), {
        ...{ algorithms: [signature], issuer: to, audience: self, subject: id, currentDate: new Date(now()) },
      });
      return Answered.parse(payload).answer;
    },
  };
}

/** A question that was looked at: whose it is, and how the answer gets back to it alone. */
export interface HeardQuestion {
  readonly from: string;
  readonly question: unknown;
  seal(answer: Answer): Promise<string>;
}

/** Reads questions to `self`, each once. @throws Error if it is nobody's, for somebody else, too old, or was heard before */
export function openQuestions({
  self,
  seed,
  keyOf,
  now = Date.now,
}: Speaker): (text: string, from: string) => Promise<HeardQuestion> {
  /** When each may be forgotten, milliseconds. */
  const heard = new Map<string, number>();
  return async (text, from) => {
    const key = keyOf(from);
    if (key === undefined) throw new Error(`${from} has no key in the map`);
    const { payload } = await jwtVerify(text, verifyingKeyOf(key), {
      ...{ algorithms: [signature], issuer: from, audience: self, currentDate: new Date(now()) },
      ...{ maxTokenAge: life, clockTolerance: life },
    });
    const { jti, reply } = Question.parse(payload);
    for (const [id, until] of heard) if (until < now()) heard.delete(id);
    if (heard.has(`${from} ${jti}`)) throw new Error("it was heard before");
    // As long as it would be taken for new: its age, and the tolerance at either end.
    heard.set(`${from} ${jti}`, now() + 3 * life * 1_000);
    const recipient = await importJWK(reply as JWK, "ECDH-ES");
    return {
      from,
      question: payload["question"],
      async seal(answer) {
        const signed = await new SignJWT({ answer })
          .setProtectedHeader({ alg: signature })
          .setIssuer(self)
          .setAudience(from)
          .setSubject(jti)
          .sign(signingKeyOf(seed));
        return new CompactEncrypt(Buffer.from(signed)).setProtectedHeader(encryption).encrypt(recipient);
      },
    };
  };
}

/** Puts a question to another host, once. @throws Error if there is no bus, or nobody answers in time */
export async function askHost(
  link: Pick<Link, "connection">,
  speaker: Speaker,
  to: string,
  question: unknown,
  timeout: number,
): Promise<Answer> {
  const connection = link.connection();
  if (connection === undefined) throw new Error(`ask ${to}: the bus is away`);
  const open = await sealQuestion(speaker, to, question);
  const subject = questionSubject(to, speaker.self);
  try {
    const message = await connection.request(subject, open.text, { timeout });
    return await open.read(message.string());
  } catch (error) {
    throw new Error(`ask ${to}: ${said(error)}`, { cause: error });
  }
}

/** Milliseconds until a subscription that was refused is tried again. */
const refusedDelay = 10_000;

/** Answers questions to this host for as long as it runs, each as it comes; returns how to stop. What is no proper question gets no answer. */
export function answerHosts(
  link: Pick<Link, "attach">,
  speaker: Speaker,
  logger: BusLogger,
  handle: (from: string, question: unknown) => Promise<Answer>,
): () => void {
  const open = openQuestions(speaker);
  const site = speaker.self.slice(0, speaker.self.indexOf("/"));

  async function take(message: Msg): Promise<void> {
    const from = `${site}/${message.subject.split(".").at(-1)}`;
    try {
      const heard = await open(message.string(), from);
      const answer = await handle(from, heard.question).catch(
        (error: unknown): Answer => ({ kind: "failed", reason: said(error) }),
      );
      message.respond(await heard.seal(answer));
    } catch (error) {
      logger.warn({ from, reason: said(error) }, "question left out");
    }
  }

  return link.attach((connection, signal) => {
    const listen = async (): Promise<void> => {
      while (!signal.aborted) {
        const refused = new AbortController();
        const subscription = connection.subscribe(questionSubject(speaker.self, "*"), {
          callback(error, message) {
            if (error === null || error === undefined) return void take(message);
            logger.warn({ reason: said(error) }, "questions not to be heard; trying on");
            refused.abort();
          },
        });
        await new Promise<void>((done) => {
          for (const one of [signal, refused.signal]) {
            if (one.aborted) done();
            one.addEventListener("abort", () => done(), { once: true });
          }
        });
        subscription.unsubscribe();
        if (!signal.aborted) await pause(refusedDelay, signal);
      }
    };
    void listen();
  });
}
