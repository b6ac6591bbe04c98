import { golden } from "@zcloud/testing";
import { it } from "vitest";
import { renderReference } from "./reference.ts";

it("docs/reference/compose.md is what the policy says (UPDATE_GOLDEN=1 writes it anew)", () => {
  golden(new URL("../../../docs/reference/compose.md", import.meta.url), renderReference());
});
