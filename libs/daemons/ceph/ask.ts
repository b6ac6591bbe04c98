import { commandSaid, type Host } from "@zcloud/host";
import * as z from "zod";
import { askCommand } from "./ask-script.ts";
import { CephError } from "./errors.ts";
import type { MonCommand } from "./mon-command.ts";
import { cephPlaces } from "./places.ts";

export interface MonAnswer {
  /** 0, or a negative errno. */
  readonly status: number;
  readonly out: Buffer;
  readonly err: string;
}

/** Who asks: client.admin, or a monitor, whose key the witness has, too. */
export interface Asker {
  readonly as: string;
  readonly keyring: string;
}

export const admin: Asker = { as: "client.admin", keyring: cephPlaces.adminKeyring };

/** The witness has no other key than the monitors' own. */
export const monitorAsker: Asker = { as: "mon.", keyring: `${cephPlaces.data}/zcloud/mon.keyring` };

export interface AskOptions {
  readonly signal: AbortSignal;
  /** Seconds for all of it; 5 by default. */
  readonly timeout?: number;
  /** Go on after one that failed. */
  readonly all?: boolean;
  /** The active manager has commands of its own, about volumes among others; nobody answers for it while there is none. */
  readonly to?: "monitors" | "manager";
}

/** A way to the monitors and the active manager, as one of their users. */
export interface Monitors {
  /**
   * Answers in the order of the commands; undefined if the monitors have no quorum, or can't be reached.
   * @throws CephError if nobody could ask them
   */
  ask(commands: readonly MonCommand[], options: AskOptions): Promise<readonly MonAnswer[] | undefined>;
}

/** A host with daemons of Ceph, and its way to the monitors as client.admin. */
export interface CephHost {
  readonly host: Host;
  readonly monitors: Monitors;
}

const Answer = z.union([
  z.strictObject({ job: z.int(), unreachable: z.string() }),
  z.strictObject({
    job: z.int(),
    answers: z.array(z.strictObject({ status: z.int(), out: z.base64(), err: z.string() })),
  }),
  z.strictObject({ job: z.int(), wrote: z.number() }),
  z.strictObject({ job: z.int(), failed: z.string(), shutOut: z.boolean() }),
]);
/** A line of the program that asks. */
export type Answer = z.infer<typeof Answer>;

/** The first line for the program that asks (ask-script.ts). */
export function introduction({ as, keyring }: Asker): string {
  return JSON.stringify({ as, keyring, conf: cephPlaces.config });
}

/** A line for it, and when it must have been answered, in seconds. */
export function jobLine(job: number, commands: readonly MonCommand[], options: AskOptions) {
  const { timeout = 5, all = false, to = "monitors" } = options;
  return { line: JSON.stringify({ job, timeout, all, to, commands }), timeout };
}

/** Where something is written. */
export interface ObjectPlace {
  readonly pool: string;
  readonly object: string;
}

/** A line that asks it to write. */
export function writeLine(job: number, write: ObjectPlace): string {
  return JSON.stringify({ job, write });
}

/** What it said; undefined: that is no answer. Keys may be in it: it is not for the log. */
export function readAnswer(line: string): Answer | undefined {
  try {
    return Answer.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** @throws CephError if it is no answer to a question */
export function answersOf(answer: Answer): readonly MonAnswer[] | undefined {
  if ("unreachable" in answer) return undefined;
  if (!("answers" in answer)) throw new CephError("ask the monitors: python3 answered something else");
  return answer.answers.map(({ status, out, err }) => ({ status, out: Buffer.from(out, "base64"), err }));
}

/** Asks by a program and a connection of their own each time: for who asks seldom, or on another host. */
export function askedOnce(host: Host, asker: Asker): Monitors {
  return {
    async ask(commands, options) {
      const { line, timeout } = jobLine(1, commands, options);
      const input = `${introduction(asker)}\n${line}\n`;
      const ran = await host.run(askCommand, { input, signal: options.signal, timeout: (timeout + 10) * 1_000 });
      if (ran.status !== 0)
        throw new CephError(`ask the monitors: python3 ended with ${ran.status}: ${commandSaid(ran, 300)}`);
      const answer = readAnswer(ran.stdout);
      if (answer === undefined) throw new CephError("ask the monitors: python3 said what is no answer");
      return answersOf(answer);
    },
  };
}

/** All of the commands must succeed. @throws CephError with what Ceph said */
export async function tell(
  monitors: Monitors,
  commands: readonly MonCommand[],
  options: AskOptions,
): Promise<readonly Buffer[]> {
  const answers = await monitors.ask(commands, { timeout: 20, ...options });
  if (answers === undefined) throw new CephError(`${commands[0]?.prefix ?? "ask"}: the monitors don't answer`);
  for (const [index, { status, err }] of answers.entries())
    if (status < 0) throw new CephError(`${commands[index]?.prefix}: error ${-status}: ${err.slice(0, 300)}`);
  return answers.map(({ out }) => out);
}
