import type { StackSpec } from "@zcloud/daemons/stack";
import type { Stack } from "@zcloud/events";
import type { Clock } from "@zcloud/reconcile";
import type { Container } from "./containers.ts";

export function container(fields: Partial<Container> = {}): Container {
  return {
    id: "0123456789abcdef0123456789abcdef",
    name: "demo_hello-web-1",
    tenant: "demo",
    project: "hello",
    service: "web",
    state: "running",
    health: "healthy",
    exitCode: 0,
    restarts: 0,
    startedAt: 100,
    published: new Map([[8080, { address: "10.64.1.17", port: 40_001 }]]),
    ...fields,
  };
}

export function spec(fields: Partial<StackSpec> = {}): StackSpec {
  return {
    tenant: "demo",
    project: "hello",
    home: undefined,
    role: "zpod",
    services: [
      {
        name: "web",
        image: "i:1",
        endpoint: { names: ["hello.lab.example"], port: 8080, health: "/healthz", answersWithin: 1000, http: {} },
        replicas: 1,
        limits: { memory: 2 ** 26, cpus: 1, pids: 512 },
        restart: "always",
        files: [],
        volumes: [],
      },
    ],
    volumes: [],
    checked: 1,
    ...fields,
  };
}

export function stack(project: string, compose: string, deployedAt = "2026-11-22T12:00:00Z", tenant = "demo"): Stack {
  return {
    v: 1,
    tenant,
    project,
    files: { "compose.yaml": compose },
    digest: `digest of ${compose}`,
    deployedAt,
    actor: "robin",
  };
}

/** A clock that a test moves. */
export function handClock(start = 1_000_000): Clock & { move(ms: number): Promise<void> } {
  let now = start;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    async move(ms) {
      const end = now + ms;
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((one) => one !== next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
    },
  };
}
