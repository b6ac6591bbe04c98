import {
  parseVolume,
  type Volume,
  type VolumeId,
  VolumeRefused,
  type Volumes,
  volumeName,
} from "@zcloud/daemons/volumes";
import type { RoleContext, RoleParts } from "@zcloud/service";
import * as z from "zod";

type App = Parameters<NonNullable<RoleParts["routes"]>>[0];

const Name = z.string().transform((text, context): VolumeId => {
  const id = parseVolume(text);
  if (id !== undefined) return id;
  context.issues.push({
    code: "custom",
    message: `${text} is no volume's name; write TENANT/STACK/VOLUME`,
    input: text,
  });
  return z.NEVER;
});
const Snapshot = z.string().min(1).max(60);
/** What an operator wants of a volume. */
const Wish = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("resize"), size: z.int().positive() }),
  z.strictObject({ do: z.literal("snapshot"), name: Snapshot }),
  z.strictObject({ do: z.literal("forget"), name: Snapshot }),
  z.strictObject({ do: z.literal("clone"), name: Snapshot, to: Name }),
  ...(["trash", "recover", "purge"] as const).map((what) => z.strictObject({ do: z.literal(what) })),
]);
type Wish = z.infer<typeof Wish>;

const Params = z.object({ tenant: z.string(), stack: z.string(), volume: z.string() });
const By = z.object({ actor: z.string().min(1).max(100).optional() });

export interface VolumeRoutesOptions {
  /** Undefined: this host keeps no Ceph. */
  readonly volumes: () => Volumes | undefined;
  readonly event: RoleContext["event"];
  /** Aborts when the service stops. */
  readonly signal: AbortSignal;
}

const local = {
  error: "the map says storage: local, so that volumes are directories of the hosts that use them",
  remedy: "storage: { kind: ceph } in the map keeps them here",
};

/** Volumes as `zctl volumes` shows them, and what an operator may do with one. */
export function volumeRoutes(app: App, { volumes, event, signal }: VolumeRoutesOptions): void {
  app.get("/v1/volumes", async (_request, reply) => {
    const kept = volumes();
    if (kept === undefined) return reply.code(409).send(local);
    return answered(reply, async () => ({ volumes: (await kept.list(signal)).map(shown) }));
  });

  app.post("/v1/volumes/:tenant/:stack/:volume", async (request, reply) => {
    const kept = volumes();
    if (kept === undefined) return reply.code(409).send(local);
    const { tenant, stack, volume } = Params.parse(request.params);
    const name = Name.safeParse(`${tenant}/${stack}/${volume}`);
    const wish = Wish.safeParse(request.body);
    const { actor = "an operator" } = By.parse(request.query);
    if (!name.success || !wish.success) {
      const issues = [...(name.error?.issues ?? []), ...(wish.error?.issues ?? [])];
      return reply.code(400).send({ error: issues.map(({ message }) => message).join("; ") });
    }
    return answered(reply, async () => {
      await fulfil(kept, name.data, wish.data, signal);
      event({
        kind: `volume-${wish.data.do}`,
        level: "info",
        subject: volumeName(name.data),
        reason: said(wish.data),
        actor,
      });
      const now = await kept.find(name.data, signal);
      return { volume: now === undefined ? null : shown(now) };
    });
  });
}

/** 409: another try can't help. 503: Ceph can't now. */
async function answered(
  reply: { code(status: number): { send(body: unknown): unknown } },
  work: () => Promise<object>,
): Promise<unknown> {
  try {
    return reply.code(200).send(await work());
  } catch (error) {
    if (error instanceof VolumeRefused) return reply.code(409).send({ error: error.message, remedy: error.remedy });
    return reply.code(503).send({ error: error instanceof Error ? error.message : String(error) });
  }
}

async function fulfil(volumes: Volumes, id: VolumeId, wish: Wish, signal: AbortSignal): Promise<void> {
  switch (wish.do) {
    case "resize":
      await volumes.resize(id, wish.size, signal);
      return;
    case "snapshot":
      return volumes.snapshot(id, wish.name, signal);
    case "forget":
      return volumes.removeSnapshot(id, wish.name, signal);
    case "clone":
      return volumes.clone(id, wish.name, wish.to, signal);
    default:
      return volumes[wish.do](id, signal);
  }
}

function said(wish: Wish): string {
  switch (wish.do) {
    case "resize":
      return `may hold ${wish.size} bytes`;
    case "snapshot":
      return `snapshot ${wish.name}`;
    case "forget":
      return `snapshot ${wish.name} taken away`;
    case "clone":
      return `snapshot ${wish.name} copied to ${volumeName(wish.to)}`;
    case "trash":
      return "put into the trash";
    case "recover":
      return "taken out of the trash";
    case "purge":
      return "what was in the trash is lost, by wish";
  }
}

/** As JSON, without where it lies. */
function shown({ id, size, used, createdAt, state, trashedAt, snapshots, clients }: Volume) {
  return {
    ...{ volume: volumeName(id), size, used, createdAt, state, trashedAt: trashedAt ?? null, snapshots, clients },
  };
}
