import { expect, test } from "vitest";
import { roles, unitOf } from "./units.ts";

test.each(roles)("%s may load its host's own firewall, whatever else it needs", (role) => {
  const capabilities = /^CapabilityBoundingSet=(.*)$/m.exec(unitOf(role))?.[1]?.split(" ");
  expect(capabilities).toContain("CAP_NET_ADMIN");
  expect(unitOf(role)).toMatch(/^RestrictAddressFamilies=.*AF_NETLINK/m);
});
