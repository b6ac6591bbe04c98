import { isConnected } from "@zcloud/bus";
import type { VolumeQuestion } from "@zcloud/events";
import { hostsOf } from "@zcloud/map";
import type { RoleContext } from "@zcloud/service";

/** Milliseconds; making a volume takes Ceph's manager a second, and one that takes over ten. */
const timeout = 45_000;

/** Asks this site's zstore about a volume; what it answers. The way is the bus: zstore knows who asks, and who carries it reads no key. */
export function askZstore(ctx: RoleContext): (question: VolumeQuestion) => Promise<unknown> {
  return async (question) => {
    const { map, self, keys } = ctx.view();
    const [zstore] = hostsOf(map, "zstore", self.site);
    if (zstore === undefined || !isConnected(ctx.bus)) throw new Error("this site has no zstore to ask for volumes");
    const answer = await ctx.bus.ask(zstore.id, question, (host) => keys.hosts[host]?.nkey, timeout);
    if (answer.kind === "done") return answer.value;
    throw new Error(answer.kind === "refused" ? `${answer.reason}; ${answer.remedy}` : answer.reason);
  };
}
