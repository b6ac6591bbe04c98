import type { Host } from "@zcloud/host";
import type { Action, Clock, Reconciler } from "@zcloud/reconcile";
import { groupNames } from "./groups.ts";
import { certificateFiles } from "./install.ts";
import type { Memory } from "./memory.ts";
import type { AcmePaths, DesiredCertificates, HeldCertificate } from "./model.ts";
import { noteAnswer, questions, type Renewals } from "./renewal.ts";
import { type AskRenewal, certificateId, renewalInfo } from "./renewal-info.ts";

type Desired = Pick<DesiredCertificates, "directory" | "wanted">;

export interface ObservedRenewals {
  readonly now: number;
  readonly have: readonly HeldCertificate[];
  readonly renewals: Renewals;
}

export interface AskAction extends Action {
  readonly kind: "ask";
  readonly directory: string;
  readonly about: readonly HeldCertificate[];
}

export type RenewalTimes = Reconciler<Desired, ObservedRenewals, AskAction>;

export interface RenewalTimesOptions {
  readonly host: Host;
  readonly paths: Pick<AcmePaths, "trust" | "certificates">;
  readonly clock: Clock;
  readonly memory: Memory;
  readonly have: (now: number) => Promise<readonly HeldCertificate[]>;
  readonly random: () => number;
  readonly changed: () => void;
  /** Who is asked when to renew. */
  readonly renewalInfo?: (directory: string, trust: string | undefined) => AskRenewal;
}

/** Questions at the same time. */
const atOnce = 20;

/** Keeps the authority's opinion of when to renew what we have (RFC 9773). Without one, a third of the life left is the time. */
export function createRenewalTimes(options: RenewalTimesOptions): RenewalTimes {
  const { host, paths, clock, memory } = options;
  let asker: { readonly key: string; readonly ask: AskRenewal } | undefined;

  async function askerFor(directory: string): Promise<AskRenewal> {
    const trust = await host.read(paths.trust);
    const key = `${directory} ${trust}`;
    if (asker?.key !== key) asker = { key, ask: (options.renewalInfo ?? renewalInfo)(directory, trust) };
    return asker.ask;
  }

  async function one(held: HeldCertificate, ask: AskRenewal) {
    const pem = await host.read(certificateFiles(paths.certificates, held.name).pem);
    const id = pem === undefined ? undefined : certificateId(pem);
    const answered = id === undefined ? "unsupported" : await ask(id);
    return { held, id, answered, now: clock.now(), random: options.random() };
  }

  return {
    name: "renewal-times",
    async observe() {
      const { renewals } = await memory.load();
      const now = clock.now();
      return { now, have: await options.have(now), renewals };
    },
    plan({ directory, wanted }, { now, have, renewals }) {
      const names = new Set(groupNames(wanted, have).map(({ name }) => name));
      const about = questions(have, renewals, now).filter(({ name }) => names.has(name));
      if (about.length === 0) return [];
      const subject = about.length === 1 ? (about[0]?.name ?? "") : `${about.length} certificates`;
      const summary = `ask ${new URL(directory).host} when to renew`;
      return [{ kind: "ask", change: "~", subject, summary, directory, about }];
    },
    async apply({ directory, about }, signal) {
      const ask = await askerFor(directory);
      for (let from = 0; from < about.length; from += atOnce) {
        signal.throwIfAborted();
        const answers = await Promise.all(about.slice(from, from + atOnce).map((held) => one(held, ask)));
        const before = memory.now().renewals;
        const noted = answers.map(
          (answer) => [answer.held.name, noteAnswer(before[answer.held.name], answer)] as const,
        );
        await memory.put("renewals", { ...before, ...Object.fromEntries(noted) });
      }
      options.changed();
    },
  };
}
