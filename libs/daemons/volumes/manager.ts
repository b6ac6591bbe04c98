import type * as z from "zod";
import type { Monitors } from "../ceph/index.ts";
import { VolumeFailed } from "./errors.ts";

/** A command of Ceph's manager: `fs subvolume ls`, and its arguments. */
export type ManagerCommand = { readonly prefix: string } & Readonly<Record<string, unknown>>;

/** What Ceph answered; `errno` as of errno(3), 0 if it did it. */
export interface ManagerAnswer {
  readonly errno: number;
  readonly out: string;
  readonly said: string;
}

/** Seconds; a snapshot takes two. */
const timeout = 30;

export const ENOENT = 2;
export const EEXIST = 17;

/** Asks the module `volumes` of Ceph's active manager. */
export function createManager(monitors: Monitors) {
  /** Each is asked, whatever became of the one before. @throws VolumeFailed while there is no manager */
  async function ask(commands: readonly ManagerCommand[], signal: AbortSignal): Promise<readonly ManagerAnswer[]> {
    if (commands.length === 0) return [];
    const all = commands.map((command) => ({ ...command, vol_name: "zcloud", format: "json" }));
    const answers = await monitors.ask(all, { to: "manager", all: true, timeout, signal });
    if (answers === undefined)
      throw new VolumeFailed(`${commands[0]?.prefix}: none of Ceph's managers answers, or no monitor does`);
    return answers.map(({ status, out, err }) => ({ errno: Math.max(0, -status), out: out.toString(), said: err }));
  }

  /** @throws VolumeFailed with what Ceph said, unless it did it or said one of these */
  async function tell(
    command: ManagerCommand,
    signal: AbortSignal,
    known: readonly number[] = [],
  ): Promise<ManagerAnswer> {
    const [answer] = await ask([command], signal);
    if (answer === undefined) throw new VolumeFailed(`${command.prefix}: nothing was answered`);
    if (answer.errno !== 0 && !known.includes(answer.errno)) throw failure(command, answer);
    return answer;
  }
  return { ask, tell };
}

export type Manager = ReturnType<typeof createManager>;

export function failure({ prefix }: ManagerCommand, { errno, said }: ManagerAnswer): VolumeFailed {
  return new VolumeFailed(`${prefix}: error ${errno}: ${said.slice(0, 300)}`);
}

/** @throws VolumeFailed if it is something else than release 18.2 says */
export function read<T>(schema: z.ZodType<T>, { prefix }: ManagerCommand, { out }: ManagerAnswer): T {
  try {
    return schema.parse(JSON.parse(out));
  } catch (error) {
    throw new VolumeFailed(`${prefix}: Ceph answered something else than expected`, { cause: error });
  }
}
