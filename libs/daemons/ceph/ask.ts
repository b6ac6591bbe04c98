import { commandSaid, type Host } from "@zcloud/host";
import * as z from "zod";
import { askScript } from "./ask-script.ts";
import { CephError } from "./errors.ts";
import type { MonCommand } from "./mon-command.ts";
import { cephPlaces } from "./places.ts";

export interface MonAnswer {
  /** 0, or a negative errno. */
  readonly status: number;
  readonly out: Buffer;
  readonly err: string;
}

const Answer = z.union([
  z.strictObject({ unreachable: z.string() }),
  z.strictObject({ answers: z.array(z.strictObject({ status: z.int(), out: z.base64(), err: z.string() })) }),
]);

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
  /** Seconds for the connection, and for each answer; 5 by default. */
  readonly timeout?: number;
  /** Go on after one that failed. */
  readonly all?: boolean;
}

/** Answers in the order of the commands; undefined if the monitors have no quorum, or can't be reached. */
export async function ask(
  host: Host,
  { as, keyring }: Asker,
  commands: readonly MonCommand[],
  { signal, timeout = 5, all = false }: AskOptions,
): Promise<readonly MonAnswer[] | undefined> {
  const job = {
    as,
    keyring,
    conf: cephPlaces.config,
    timeout,
    all,
    commands: commands.map((command) => ({ command })),
  };
  const limit = (timeout * (commands.length + 1) + 5) * 1_000;
  const ran = await host.run(["python3", "-c", askScript], { input: JSON.stringify(job), signal, timeout: limit });
  if (ran.status !== 0)
    throw new CephError(`ask the monitors: python3 ended with ${ran.status}: ${commandSaid(ran, 300)}`);
  const answer = Answer.parse(JSON.parse(ran.stdout));
  if ("unreachable" in answer) return undefined;
  return answer.answers.map(({ status, out, err }) => ({ status, out: Buffer.from(out, "base64"), err }));
}

/** All of the commands must succeed. @throws CephError with what Ceph said */
export async function tell(
  host: Host,
  asker: Asker,
  commands: readonly MonCommand[],
  options: AskOptions,
): Promise<readonly Buffer[]> {
  const answers = await ask(host, asker, commands, { timeout: 20, ...options });
  if (answers === undefined) throw new CephError(`${commands[0]?.prefix ?? "ask"}: the monitors don't answer`);
  for (const [index, { status, err }] of answers.entries())
    if (status < 0) throw new CephError(`${commands[index]?.prefix}: error ${-status}: ${err.slice(0, 300)}`);
  return answers.map(({ out }) => out);
}
