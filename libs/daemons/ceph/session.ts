import type { Conversation, ConversationOptions } from "@zcloud/host";
import { type Backoff, backoffDelay, type Clock, defaultBackoff, steadyClock } from "@zcloud/reconcile";
import {
  type Answer,
  type Asker,
  admin,
  answersOf,
  introduction,
  jobLine,
  type Monitors,
  type ObjectPlace,
  readAnswer,
  writeLine,
} from "./ask.ts";
import { CephError } from "./errors.ts";

export interface SessionOptions {
  /** Starts the program that asks (`askCommand`). */
  readonly start: (talk: ConversationOptions) => Conversation;
  /** client.admin by default. */
  readonly asker?: Asker;
  readonly clock?: Clock;
  readonly backoff?: Partial<Backoff>;
  /** The program ended though nobody wanted it to; the next question starts it again. */
  readonly ended?: (reason: string) => void;
}

/** A way to the monitors that stays open. */
export interface Session extends Monitors {
  /**
   * Writes the time of day into an object, in a namespace of ours. Takes as long as Ceph takes to acknowledge it: there is no limit.
   * @returns seconds that it took
   * @throws CephError if Ceph refused it, or the program ended before
   */
  write(place: ObjectPlace, signal: AbortSignal): Promise<number>;
  /** Ends it for good; who still waits is told so. */
  close(): void;
}

/** Milliseconds beyond a job's time after which the program is taken for hung. */
const grace = 5_000;
/** Milliseconds of monitors out of reach after which a fresh program reads configuration and key anew. */
const renewal = 60_000;

type Done = (answer: Answer | CephError) => void;

/** One run of the program, and who waits for its answers. */
interface Run {
  readonly waiting: Map<number, Done>;
  conversation?: Conversation;
  over: boolean;
}

/**
 * Asks through one program with one connection, which the first question starts. It is started again after it ended, or was killed
 * because it hung, each time in a row later; questions until then fail at once.
 */
export function createSession(options: SessionOptions): Session {
  const { start, asker = admin, clock = steadyClock, ended } = options;
  const backoff = { ...defaultBackoff, ...options.backoff };
  let running: Run | undefined;
  let closed = false;
  let last = 0;
  /** How often in a row it ended without an answer, why, and when it may start again. */
  let deaths = 0;
  let why = "";
  let notBefore = 0;
  let awaySince: number | undefined;

  function begin(): Run {
    if (closed) throw new CephError("ask the monitors: this service stops");
    if (clock.now() < notBefore) throw new CephError(`ask the monitors: ${why}; it is started again soon`);
    const run: Run = { waiting: new Map(), over: false };
    run.conversation = start({
      onLine(line) {
        const answer = readAnswer(line);
        if (answer === undefined) return fail(run, "the program that asks said what is no answer");
        deaths = 0;
        run.waiting.get(answer.job)?.(answer);
        if (run === running && !("wrote" in answer || "failed" in answer)) renew(run, "unreachable" in answer);
      },
      onEnd({ status, stderr }) {
        fail(run, `the program that asks ended with ${status ?? "no status"}: ${stderr.trim().slice(-300)}`);
      },
    });
    run.conversation.send(introduction(asker));
    return run;
  }

  function fail(run: Run, reason: string): void {
    if (run.over) return;
    run.over = true;
    run.conversation?.kill();
    if (run === running) {
      running = undefined;
      why = reason;
      // The first time at once: it may have been killed, or its memory was needed.
      notBefore = clock.now() + (deaths === 0 ? 0 : backoffDelay(backoff, deaths));
      deaths += 1;
      ended?.(reason);
    }
    for (const done of [...run.waiting.values()]) done(new CephError(`ask the monitors: ${reason}`));
  }

  /** An address or a key may have changed since it was started; what it was asked it still answers. */
  function renew(run: Run, away: boolean): void {
    if (!away) awaySince = undefined;
    else awaySince ??= clock.now();
    if (awaySince === undefined || clock.now() - awaySince < renewal) return;
    awaySince = undefined;
    running = undefined;
    run.conversation?.finish();
  }

  /** Its answer to a line. @param timeout seconds; undefined: it may take as long as it likes */
  async function answerTo(line: string, job: number, signal: AbortSignal, timeout?: number): Promise<Answer> {
    if (signal.aborted) throw stopped(signal);
    running ??= begin();
    const run = running;
    const answer = await new Promise<Answer | CephError>((resolve) => {
      const done: Done = (answer) => {
        run.waiting.delete(job);
        cancel();
        signal.removeEventListener("abort", abort);
        resolve(answer);
      };
      const abort = (): void => done(stopped(signal));
      const hung = (): void => fail(run, `the program that asks hung: no answer after ${timeout} s`);
      const cancel = timeout === undefined ? () => {} : clock.after(timeout * 1_000 + grace, hung);
      signal.addEventListener("abort", abort, { once: true });
      run.waiting.set(job, done);
      run.conversation?.send(line);
    });
    if (answer instanceof CephError) throw answer;
    return answer;
  }

  return {
    async ask(commands, options) {
      last += 1;
      const { line, timeout } = jobLine(last, commands, options);
      return answersOf(await answerTo(line, last, options.signal, timeout));
    },
    async write(place, signal) {
      last += 1;
      const answer = await answerTo(writeLine(last, place), last, signal);
      if ("wrote" in answer) return answer.wrote;
      throw new CephError(
        `write to ${place.pool}: ${"failed" in answer ? answer.failed : "something else was answered"}`,
      );
    },
    close() {
      closed = true;
      const run = running;
      running = undefined;
      if (run !== undefined) fail(run, "this service stops");
    },
  };
}

function stopped(signal: AbortSignal): CephError {
  return new CephError("ask the monitors: stopped", { cause: signal.reason });
}
