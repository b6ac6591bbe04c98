import { describe, expect, it } from "vitest";
import type { PodmanEvent } from "./api.ts";
import type { Container } from "./containers.ts";
import { container, handClock } from "./podman.test-support.ts";
import { ContainerWatch } from "./watch.ts";

function setup() {
  const clock = handClock();
  const stop = new AbortController();
  const podman = {
    containers: [container()] as readonly Container[],
    listings: 0,
    up: true,
    emit: (_event: PodmanEvent): void => {},
    breakOff: (): void => {},
  };
  const watch = new ContainerWatch({
    clock,
    log: { debug: () => {}, warn: () => {} },
    api: {
      async containers() {
        podman.listings += 1;
        if (!podman.up) throw new Error("no socket");
        return podman.containers;
      },
      follow: (onOpen, onEvent) =>
        new Promise((resolve, reject) => {
          if (!podman.up) return reject(new Error("no socket"));
          onOpen();
          podman.emit = onEvent;
          podman.breakOff = resolve;
        }),
    },
  });
  let changes = 0;
  watch.onChange(() => {
    changes += 1;
  });
  const done = watch.run(stop.signal);
  const finish = (): Promise<void> => {
    stop.abort();
    podman.breakOff();
    return done;
  };
  return { clock, podman, watch, changes: () => changes, stop: finish };
}
const event = (Action: string, HealthStatus?: string, ID = container().id): PodmanEvent => ({
  Action,
  Actor: { ID },
  ...(HealthStatus === undefined ? {} : { HealthStatus }),
});

describe("ContainerWatch", () => {
  it("lists at the start, after events, and tells changes only", async () => {
    const { clock, podman, watch, changes, stop } = setup();
    await clock.move(100);
    expect(watch.containers()).toEqual([container()]);
    expect(changes()).toBe(1);
    podman.emit(event("start"));
    await clock.move(100);
    expect(changes()).toBe(1);
    podman.containers = [container({ restarts: 1 })];
    podman.emit(event("restart"));
    await clock.move(100);
    expect(watch.containers()).toMatchObject([{ restarts: 1 }]);
    expect(changes()).toBe(2);
    await stop();
  });

  it("lists once after a burst, and not at all for probes that say what is known", async () => {
    const { clock, podman, stop } = setup();
    await clock.move(200);
    const before = podman.listings;
    for (let index = 0; index < 50; index += 1) podman.emit(event("health_status", "healthy"));
    await clock.move(200);
    expect(podman.listings).toBe(before);
    for (let index = 0; index < 50; index += 1) podman.emit(event("start"));
    await clock.move(200);
    expect(podman.listings).toBe(before + 1);
    podman.emit(event("health_status", "unhealthy"));
    await clock.move(200);
    expect(podman.listings).toBe(before + 2);
    await stop();
  });

  it("keeps the last known while podman is away, and lists again when it is back", async () => {
    const { clock, podman, watch, stop } = setup();
    await clock.move(100);
    podman.up = false;
    podman.breakOff();
    await clock.move(3_000);
    expect(watch.error()).toBe("no socket");
    expect(watch.containers()).toEqual([container()]);
    podman.up = true;
    podman.containers = [];
    await clock.move(6_000);
    expect(watch.error()).toBeUndefined();
    expect(watch.containers()).toEqual([]);
    await stop();
  });

  it("finds what no event told", async () => {
    const { clock, podman, watch, stop } = setup();
    await clock.move(100);
    podman.containers = [];
    await clock.move(16_000);
    expect(watch.containers()).toEqual([]);
    await stop();
  });
});
