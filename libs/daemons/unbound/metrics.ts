import { Counter, Gauge, type Registry } from "prom-client";
import type { Control } from "./control.ts";

/** Statistics by name, of `stats_noreset` (unbound-control(8)): `total.num.queries` -> 13. */
export type Statistics = ReadonlyMap<string, number>;

export function parseStatistics(text: string): Statistics {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name = "", value = ""] = line.split("=");
    if (value !== "" && Number.isFinite(Number(value))) found.set(name, Number(value));
  }
  return found;
}

const counters = [
  ["queries_total", "Questions.", "total.num.queries"],
  ["cache_hits_total", "Questions answered from the cache or from own records.", "total.num.cachehits"],
  ["cache_misses_total", "Questions that had to be asked elsewhere.", "total.num.cachemiss"],
  ["prefetches_total", "Answers renewed before they ended.", "total.num.prefetch"],
  ["stale_answers_total", "Answers that had ended, given because nobody answered.", "total.num.expired"],
  ["limited_total", "Questions beyond what one address may ask.", "total.num.queries_ip_ratelimited"],
  ["bogus_answers_total", "Answers whose signature (DNSSEC) was wrong.", "num.answer.bogus"],
] as const;

const gauges = [
  ["recursion_seconds", "Average time to an answer from elsewhere, since the start.", "total.recursion.time.avg"],
  ["waiting_questions", "Questions that wait for somebody else's answer.", "total.requestlist.current.user"],
] as const;

/**
 * A resolver's own numbers, asked when somebody asks for them; none while it does not answer. Names begin with `prefix`, e.g.
 * `zcloud_dns_`.
 */
export function dnsMetrics(registry: Registry, prefix: string, control: Control): void {
  let asked: Promise<Statistics> | undefined;
  /** One question for all numbers of a scrape. */
  const statistics = (): Promise<Statistics> => {
    asked ??= control
      .ask("stats_noreset")
      .then(parseStatistics, () => new Map<string, number>())
      .finally(() => setImmediate(() => (asked = undefined)));
    return asked;
  };
  const registers = [registry];
  for (const [name, help, key] of counters) {
    new Counter({
      ...{ name: prefix + name, help, registers },
      async collect() {
        const value = (await statistics()).get(key);
        // Not 0 while it is away: its coming back would look like so many new ones.
        this.remove();
        if (value !== undefined) this.inc(value);
      },
    });
  }
  for (const [name, help, key] of gauges) {
    new Gauge({
      ...{ name: prefix + name, help, registers },
      async collect() {
        const value = (await statistics()).get(key);
        this.remove();
        if (value !== undefined) this.set(value);
      },
    });
  }
  new Counter({
    ...{ name: `${prefix}answers_total`, help: "Answers by their code (RFC 1035, 4.1.1).", registers },
    labelNames: ["rcode"],
    async collect() {
      const codes = [...(await statistics())].filter(([key]) => key.startsWith(rcode));
      this.reset();
      for (const [key, value] of codes) this.inc({ rcode: key.slice(rcode.length) }, value);
    },
  });
  new Gauge({
    ...{ name: `${prefix}up`, help: "Whether it answers.", registers },
    async collect() {
      this.set((await statistics()).size > 0 ? 1 : 0);
    },
  });
}

const rcode = "num.answer.rcode.";
