import { Gauge, type Registry } from "prom-client";
import { type Listing, refusedPackets } from "./listing.ts";

/** What this VM itself refused, as of the last look. */
export function firewallMetrics(registry: Registry, listing: () => Listing | undefined): void {
  new Gauge({
    name: "zcloud_firewall_refused_packets",
    help: "Packets that this VM's own firewall refused since its rules were loaded, by the way they went.",
    labelNames: ["way"],
    registers: [registry],
    collect() {
      this.reset();
      const known = listing();
      for (const [way, count] of known === undefined ? [] : refusedPackets(known)) this.set({ way }, count);
    },
  });
}
