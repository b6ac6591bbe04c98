import { Counter, Gauge, type Registry } from "prom-client";
import * as z from "zod";
import { getJson } from "./monitor.ts";
import { productionPlaces } from "./render.ts";

/** What is read of /varz (nats-server's monitoring); the rest is as it comes. */
const Varz = z.looseObject({
  connections: z.number(),
  leafnodes: z.number(),
  slow_consumers: z.number(),
  in_msgs: z.number(),
  out_msgs: z.number(),
  in_bytes: z.number(),
  out_bytes: z.number(),
  mem: z.number(),
  jetstream: z.looseObject({
    config: z.looseObject({ max_storage: z.number() }),
    stats: z.looseObject({ storage: z.number(), memory: z.number(), api: z.looseObject({ errors: z.number() }) }),
  }),
});
type Varz = z.infer<typeof Varz>;

const gauges = [
  ["connections", "Clients of the site's bus.", ({ connections }: Varz) => connections],
  ["leafnodes", "Links to the other site.", ({ leafnodes }: Varz) => leafnodes],
  ["memory_bytes", "Resident memory of nats-server.", ({ mem }: Varz) => mem],
  ["storage_bytes", "What streams take on disk.", ({ jetstream }: Varz) => jetstream.stats.storage],
  ["storage_limit_bytes", "What they may take.", ({ jetstream }: Varz) => jetstream.config.max_storage],
] as const;

const counters = [
  ["messages_in_total", "Messages from clients and the other site.", (varz: Varz) => varz.in_msgs],
  ["messages_out_total", "Messages to clients and the other site.", (varz: Varz) => varz.out_msgs],
  ["bytes_in_total", "Bytes of them.", (varz: Varz) => varz.in_bytes],
  ["bytes_out_total", "Bytes of them.", (varz: Varz) => varz.out_bytes],
  ["slow_consumers_total", "Clients that were cut off, because they read too slowly.", (v: Varz) => v.slow_consumers],
  ["api_errors_total", "Refused requests to streams.", ({ jetstream }: Varz) => jetstream.stats.api.errors],
] as const;

/** nats-server's own numbers, `zcloud_bus_...`, asked when somebody asks for them; none but `_up` while it does not answer. */
export function busMetrics(registry: Registry, signal: AbortSignal, monitor = productionPlaces.monitor): void {
  let asked: Promise<Varz | undefined> | undefined;
  /** One question for all numbers of a scrape. */
  const look = (): Promise<Varz | undefined> => {
    asked ??= getJson(`http://${monitor}/varz`, signal)
      .then((said) => Varz.safeParse(said).data)
      .finally(() => setImmediate(() => (asked = undefined)));
    return asked;
  };
  const registers = [registry];
  for (const [name, help, read] of gauges) {
    new Gauge({
      ...{ name: `zcloud_bus_${name}`, help, registers },
      async collect() {
        const varz = await look();
        this.remove();
        if (varz !== undefined) this.set(read(varz));
      },
    });
  }
  for (const [name, help, read] of counters) {
    new Counter({
      ...{ name: `zcloud_bus_${name}`, help, registers },
      async collect() {
        const varz = await look();
        // Not 0 while it is away: its coming back would look like so many new ones.
        this.remove();
        if (varz !== undefined) this.inc(read(varz));
      },
    });
  }
  new Gauge({
    ...{ name: "zcloud_bus_up", help: "Whether nats-server answers.", registers },
    async collect() {
      this.set((await look()) === undefined ? 0 : 1);
    },
  });
}
