import { type Answer, isConnected } from "@zcloud/bus";
import { userRange } from "@zcloud/daemons/stack";
import { clientOf, type Volume, VolumeRefused, type Volumes, volumeName } from "@zcloud/daemons/volumes";
import { type VolumeGrant, VolumeQuestion } from "@zcloud/events";
import { findHost, formatSize, type ZMap } from "@zcloud/map";
import type { RoleContext } from "@zcloud/service";

/** Answers what zpods of this site ask about volumes, on the connection that this host opens to the bus. */
export function answerVolumeQuestions(ctx: RoleContext, volumes: () => Volumes | undefined): void {
  if (!isConnected(ctx.bus)) return;
  const keyOf = (host: string) => ctx.view().keys.hosts[host]?.nkey;
  const stop = ctx.bus.answer(keyOf, async (from, question): Promise<Answer> => {
    const kept = volumes();
    if (kept === undefined)
      return { kind: "refused", reason: "this zstore keeps no Ceph", remedy: "storage: { kind: ceph } in the map" };
    try {
      const asked = VolumeQuestion.parse(question);
      return { kind: "done", value: await fulfil(asked, from, ctx.view().map, kept, ctx.signal) };
    } catch (error) {
      if (error instanceof VolumeRefused) return { kind: "refused", reason: error.message, remedy: error.remedy };
      ctx.log.warn({ err: error, from }, "a question about a volume failed");
      return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  });
  ctx.signal.addEventListener("abort", stop);
}

async function fulfil(
  question: VolumeQuestion,
  from: string,
  map: ZMap,
  volumes: Volumes,
  signal: AbortSignal,
): Promise<VolumeGrant | null> {
  const { want, tenant, stack, volume } = question;
  const id = { tenant, stack, volume };
  if (findHost(map, from)?.role !== "zpod")
    throw new VolumeRefused(`${from} is no zpod of the map`, "volumes are for zpods");
  if (want === "trash") {
    if ((await volumes.find(id, signal)) !== undefined) await volumes.trash(id, signal);
    return null;
  }
  mayHave(map, id, question.size, await volumes.list(signal, tenant));
  await volumes.ensure(id, { size: question.size, owner: userRange(tenant).base }, signal);
  return volumes.authorize(id, clientOf(from, tenant), signal);
}

/** @throws VolumeRefused if the tenant has no room for it in the map; what lies in the trash does not count */
export function mayHave(
  map: ZMap,
  id: Volume["id"],
  size: number,
  all: readonly Pick<Volume, "id" | "size" | "trashedAt">[],
): void {
  const tenant = map.tenants.find(({ name }) => name === id.tenant);
  if (tenant === undefined) throw new VolumeRefused(`there is no tenant ${id.tenant} in the map`, "zctl check");
  const others = all.filter((one) => one.trashedAt === undefined && one.id.tenant === id.tenant);
  const sum = others.reduce((bytes, one) => (volumeName(one.id) === volumeName(id) ? bytes : bytes + one.size), size);
  if (sum <= tenant.volumes) return;
  throw new VolumeRefused(
    `with ${volumeName(id)} the volumes of tenant ${tenant.name} would take ${formatSize(sum)} (it has ${formatSize(tenant.volumes)})`,
    `zctl volumes; trash what is not needed, or raise tenants.${tenant.name}.volumes in the map`,
  );
}
