import type { Host } from "@zcloud/host";
import type * as z from "zod";
import { Attempts } from "./attempts.ts";
import { Ledger } from "./ledger.ts";
import { Renewals } from "./renewal.ts";

const schemas = { attempts: Attempts, ledger: Ledger, renewals: Renewals } as const;
type Kind = keyof typeof schemas;
type Values = { readonly [K in Kind]: z.infer<(typeof schemas)[K]> };

/** What is known of failures, orders and renewals: in memory at once, on disk when `put` resolves. */
export interface Memory {
  /** Reads what is on disk, the first time. */
  load(): Promise<Values>;
  /** As of now; nothing before `load`. */
  now(): Values;
  put<K extends Kind>(kind: K, value: Values[K]): Promise<void>;
}

export function createMemory(host: Pick<Host, "read" | "write">, paths: Readonly<Record<Kind, string>>): Memory {
  let values: Values = { attempts: {}, ledger: [], renewals: {} };
  let loading: Promise<unknown> | undefined;
  /** The write that goes on, and the one that follows it: with whatever is known by then. */
  const writers = new Map<Kind, { readonly current: Promise<void>; next?: Promise<void> | undefined }>();

  async function read(): Promise<void> {
    const [attempts, ledger, renewals] = await Promise.all([one("attempts"), one("ledger"), one("renewals")]);
    values = { attempts: attempts ?? {}, ledger: ledger ?? [], renewals: renewals ?? {} };
  }

  /** What can't be read counts as nothing: the first order after it is as careful as any. */
  async function one<K extends Kind>(kind: K): Promise<Values[K] | undefined> {
    try {
      return schemas[kind].parse(JSON.parse((await host.read(paths[kind])) ?? "")) as Values[K];
    } catch {
      return undefined;
    }
  }

  async function write(kind: Kind): Promise<void> {
    await host.write(paths[kind], `${JSON.stringify(values[kind], undefined, 1)}\n`);
  }

  function put<K extends Kind>(kind: K, value: Values[K]): Promise<void> {
    values = { ...values, [kind]: value };
    const writer = writers.get(kind);
    if (writer === undefined) {
      const current = write(kind).finally(() => writers.get(kind)?.current === current && writers.delete(kind));
      writers.set(kind, { current });
      return current;
    }
    writer.next ??= writer.current
      .catch(() => {})
      .then(() => {
        const current = write(kind).finally(() => writers.get(kind)?.current === current && writers.delete(kind));
        writers.set(kind, { current });
        return current;
      });
    return writer.next;
  }

  return {
    async load() {
      loading ??= read();
      await loading;
      return values;
    },
    now: () => values,
    put,
  };
}
