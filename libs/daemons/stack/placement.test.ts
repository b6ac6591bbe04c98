import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeStack } from "./placement.ts";
import { testMap } from "./stack.test-support.ts";

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const stack = (tenant: string, project: string, home?: string) => ({ tenant, project, home, role: "zpod" as const });

describe("placeStack", () => {
  it("places a stack at its home only, and one without home at every site", () => {
    expect(placeStack(stack("a", "b", "north"), testMap(), "south")).toBeUndefined();
    expect(placeStack(stack("a", "b", "north"), testMap(), "north")?.id).toBe("north/zpod1");
    expect(placeStack(stack("a", "b"), testMap(), "south")?.id).toBe("south/zpod1");
    expect(placeStack({ ...stack("a", "b"), role: "zmah" }, testMap(), "south")?.id).toBe("south/zmah1");
  });

  it("moves a stack only to a further host, never between the others", () => {
    fc.assert(
      fc.property(label, label, fc.integer({ min: 1, max: 14 }), (tenant, project, pods) => {
        const before = placeStack(stack(tenant, project), testMap(pods), "north")?.name;
        const after = placeStack(stack(tenant, project), testMap(pods + 1), "north")?.name;
        expect([before, `zpod${pods + 1}`]).toContain(after);
      }),
    );
  });

  it("spreads stacks evenly", () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 900; index += 1) {
      const name = placeStack(stack("tenant", `project-${index}`), testMap(3), "north")?.name ?? "";
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect([...counts.values()].every((count) => count > 230 && count < 370)).toBe(true);
  });
});
