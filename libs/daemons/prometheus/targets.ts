import type { StatusProblem } from "@zcloud/service";
import * as z from "zod";
import { prometheusPlaces } from "./places.ts";
import { getText } from "./self.ts";

/** What is read of Prometheus' `/api/v1/targets`; the rest is as it comes. */
const Answer = z.looseObject({
  data: z.looseObject({
    activeTargets: z.array(
      z.looseObject({
        labels: z.looseObject({ job: z.string(), host: z.string() }),
        health: z.string(),
        lastError: z.string(),
      }),
    ),
  }),
});

/** Whom Prometheus asks and gets no numbers from, and why. */
export interface DownTarget {
  readonly job: string;
  readonly host: string;
  readonly reason: string;
}

/** Undefined if it is no answer of Prometheus. */
export function parseTargets(text: string): readonly DownTarget[] | undefined {
  try {
    const { data } = Answer.parse(JSON.parse(text));
    const down = data.activeTargets.filter(({ health }) => health === "down");
    return down.map(({ labels: { job, host }, lastError }) => ({ job, host, reason: lastError.slice(0, 200) }));
  } catch {
    return undefined;
  }
}

/** Milliseconds: a target is asked every 30 s, and a VM that boots misses one or two. */
const patience = 75_000;
/** Milliseconds between looks. */
const lookEvery = 15_000;

/** What is wrong with the collection of numbers, as of looks at Prometheus: itself, or those whom it asks. */
export function watchTargets(now: () => number): {
  /** What it answered; undefined: nothing of use. */
  look(down: readonly DownTarget[] | undefined): void;
  problems(): readonly StatusProblem[];
} {
  const since = new Map<string, { readonly at: number; readonly target: DownTarget | undefined }>();
  return {
    look(down) {
      const targets = down ?? [undefined];
      const keys = targets.map((one) => (one === undefined ? "" : `${one.job} ${one.host}`));
      for (const key of since.keys()) if (!keys.includes(key)) since.delete(key);
      targets.forEach((target, i) => {
        const key = keys[i] ?? "";
        since.set(key, { at: since.get(key)?.at ?? now(), target });
      });
    },
    problems() {
      const late = [...since.values()].filter(({ at }) => now() - at > patience);
      if (late.some(({ target }) => target === undefined)) {
        const what = "Prometheus does not answer: this site's numbers have a gap, and nobody is told of its alerts";
        return [{ what, remedy: "systemctl status prometheus on this host" }];
      }
      const names = late.map(({ target }) => `${target?.job} of ${target?.host}`);
      if (names.length === 0) return [];
      const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
      const what = `no numbers from ${names.slice(0, 3).join(", ")}${more}: ${late[0]?.target?.reason}`;
      return [{ what, remedy: "zctl status: is that host up? else docs/operations.md#alerts" }];
    },
  };
}

/** Looks at the Prometheus of this host until the signal. */
export function followTargets(
  watch: ReturnType<typeof watchTargets>,
  signal: AbortSignal,
  listen: string = prometheusPlaces.listen,
): void {
  const look = async (): Promise<void> => {
    const text = await getText(`http://${listen}/api/v1/targets?state=active`, signal);
    if (!signal.aborted) watch.look(text === undefined ? undefined : parseTargets(text));
  };
  const looking = setInterval(() => void look(), lookEvery);
  signal.addEventListener("abort", () => clearInterval(looking));
}
