import { join } from "node:path";
import { connectBus, type LinkOptions } from "@zcloud/bus";
import { LocalHost } from "@zcloud/host";
import type { ZMap } from "@zcloud/map";
import { createLoop, systemClock } from "@zcloud/reconcile";
import { eventually, tempDir } from "@zcloud/testing";
import { siteNames } from "../../../apps/znet/src/names.ts";
import { silent } from "../../../libs/daemons/nats/two-sites.test-support.ts";
import { createUnbound } from "../../../libs/daemons/unbound/daemon.ts";
import { endIn, verbsIn } from "../../../libs/daemons/unbound/loopback.test-support.ts";

export interface ZnetWork {
  readonly map: ZMap;
  readonly site: string;
  readonly peer: string | undefined;
  /** Of its Unbound, on loopback. */
  readonly port: number;
  readonly link: Omit<LinkOptions, "logger">;
  /** Directory for what the bus keeps. */
  readonly state: string;
}

/** What znet does for its site's names, until whoever started this goes; says `ready` once its Unbound answers. */
process.once("message", (work: ZnetWork) => void serve(work));

async function serve({ map, site, peer, port, link, state }: ZnetWork): Promise<void> {
  const host = new LocalHost();
  const directory = tempDir();
  const at = (file: string) => join(directory, file);
  const places = {
    ...{ interfaces: ["127.0.0.1"], port, user: "", directory, config: at("unbound.conf"), names: at("names.conf") },
    ...{ control: at("control"), unit: at("unit"), enabled: at("pid"), trustAnchor: at("root.key") },
  };
  const bus = await connectBus({ ...link, logger: silent, host, stateDir: join(state, "znet-state") });
  const here = bus.replica("endpoints", "site");
  const there = bus.replica("endpoints", "peer");
  const names = siteNames(here, there, () => Date.now());
  const verbs = verbsIn(directory, places.config);
  const loop = createLoop({
    reconciler: createUnbound({ host, map: () => map, site, places, verbs }),
    desired: () => ({ map, site, records: names(map, site, peer) }),
    clock: systemClock,
  });
  for (const replica of [here, there]) replica.onChange(() => loop.trigger("change"));
  const stop = new AbortController();
  const running = loop.start(stop.signal);
  process.once("disconnect", async () => {
    // A loop that goes on would start it again.
    stop.abort();
    await running;
    endIn(directory);
    await bus.close();
    process.exit();
  });
  await eventually(`names of ${site}`, () => loop.state().phase === "converged");
  process.send?.("ready");
}
