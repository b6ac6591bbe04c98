import { expect, it } from "vitest";
import { heal, type Sickness } from "./healing.ts";
import { container } from "./podman.test-support.ts";

it("restarts what stays unhealthy, each time with more patience, and forgets after it was well for long", () => {
  const ill = [
    container({ health: "unhealthy" }),
    container({ id: "b", health: "starting" }),
    container({ id: "c", state: "exited", health: "unhealthy" }),
  ];
  let sick: ReadonlyMap<string, Sickness> = new Map();
  const restarts: number[] = [];
  for (let now = 0; now <= 200_000; now += 5_000) {
    const healing = heal(ill, sick, now);
    sick = healing.sick;
    if (healing.restart.length > 0) restarts.push(now);
    expect(healing.restart.every(({ id }) => id === ill[0]?.id)).toBe(true);
  }
  expect(restarts).toEqual([10_000, 30_000, 70_000, 150_000]);
  const well = [container()];
  expect(heal(well, sick, 300_000).sick.size).toBe(1);
  expect(heal(well, sick, 800_000).sick.size).toBe(0);
  expect(heal([], sick, 300_000).sick.size).toBe(0);
});
