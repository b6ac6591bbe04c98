import { golden } from "@zcloud/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { renderUnit, stackOfUnit, unitName } from "./unit.ts";

it("renders the golden unit", () => {
  golden(new URL("golden/zcloud-stack@garden-my-wiki.service", import.meta.url), renderUnit("garden", "my-wiki"));
});

it("waits for the mounts of its volumes, and ends with them", () => {
  const text = renderUnit("garden", "wiki", ["zcloud-volume-garden.wiki.pages.service"]);
  expect(text).toContain("\nRequires=podman.socket zcloud-volume-garden.wiki.pages.service\n");
  expect(text).toMatch(/\nAfter=podman\.socket .* zcloud-volume-garden\.wiki\.pages\.service\n/);
});

it("names one unit for one stack", () => {
  expect(unitName("garden", "my-wiki")).toBe("zcloud-stack@garden-my\\x2dwiki.service");
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
  fc.assert(
    fc.property(label, label, (tenant, project) => {
      expect(stackOfUnit(unitName(tenant, project))).toEqual({ tenant, project });
    }),
  );
  expect(stackOfUnit("zcloud-zpod.service")).toBeUndefined();
});
