import { golden } from "@zcloud/testing";
import { test } from "vitest";
import { unitOfEverything } from "./unit.test-support.ts";
import { renderUnit } from "./unit.ts";

test("a role without special needs", () => {
  golden(new URL("golden/zcloud-zstore.service", import.meta.url), renderUnit("zstore"));
});

test("a role with every special need", () => {
  golden(new URL("golden/zcloud-zpod.service", import.meta.url), renderUnit("zpod", unitOfEverything));
});
