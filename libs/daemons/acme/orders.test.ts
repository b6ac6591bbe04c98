import { MemoryHost } from "@zcloud/host";
import { systemClock } from "@zcloud/reconcile";
import { expect, test } from "vitest";
import { createMemory } from "./memory.ts";
import { createOrders, type OrderContext } from "./orders.ts";

const paths = {
  ...{ accountKey: "/account.key", trust: "/trust.crt", certificates: "/certs" },
  ...{ attempts: "/attempts.json", ledger: "/orders.json", renewals: "/renewals.json" },
};
const order = { name: "a.example", names: ["a.example"], why: "new", renewal: false, replaces: undefined } as const;
const from: OrderContext = {
  ...{ directory: "https://ca.example/dir", contact: "a@b.example", profile: undefined, front: undefined },
  doors: new Map(),
};

test("on a full disk nothing is ordered, it is told, and the next attempt waits all the same", async () => {
  const host = new MemoryHost();
  const full = () => Promise.reject(new Error("ENOSPC: no space left on device"));
  const memory = createMemory({ read: (path) => host.read(path), write: full }, paths);
  const told: string[] = [];
  let asked = 0;
  const orders = createOrders({
    ...{ host, paths, memory, clock: systemClock, random: () => 0, changed() {} },
    have: async () => [],
    resolve: async () => [],
    authorityFor: {
      async of() {
        asked += 1;
        return {
          client: { issue: () => Promise.reject(new Error("not asked")), close: async () => {} },
          thumbprint: "t",
        };
      },
      async close() {},
    },
    tell: ({ reason }) => told.push(reason),
  });
  await orders.order(order, from);
  expect(asked).toBe(1);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/; it can't be noted: ENOSPC/);
  expect(memory.now().attempts["a.example"]).toMatchObject({ failures: 1, kind: "preflight" });
  expect(memory.now().attempts["a.example"]?.nextAt).toBeGreaterThan(Date.now());
});
