import { createHash, randomBytes } from "node:crypto";
import { tenantOf } from "@zcloud/map";
import * as z from "zod";
import { ZctlError } from "../exit.ts";
import { command } from "../spec.ts";

export const token = command(z.strictObject({}), {
  name: "token",
  summary: "a new token by which a tenant reads its own log lines. Changes nothing",
  about:
    "Makes a token and shows it once. Its hash goes into the map, by your hand, under the tenant's tokens; the token itself\n" +
    "goes to the tenant and is kept nowhere else. Taken out of the map and applied, it opens nothing any more.",
  arguments: [{ name: "<tenant>", about: "whose lines it opens", words: "tenants" }],
  examples: [{ line: "zctl token demo", about: "then edit zcloud.yaml, zctl plan, zctl apply" }],
  run: async (it, [name = ""]) => {
    const { map } = await it.installation();
    const tenant = tenantOf(map, name);
    if (tenant === undefined) {
      const remedy = `tenants: ${map.tenants.map((one) => one.name).join(", ")}`;
      throw new ZctlError("UNKNOWN_NAME", `there is no tenant ${name} in the map`, { exit: "usage", remedy });
    }
    const secret = `zcl_${randomBytes(32).toString("base64url")}`;
    const hash = `sha256:${createHash("sha256").update(secret).digest("hex")}`;
    const urls = map.log.name === undefined ? [] : map.sites.map((site) => `https://${map.log.name}/${site.name}/`);
    if (it.screen.jsonMode) it.screen.json({ v: 1, tenant: tenant.name, token: secret, hash, urls });
    it.screen.line(`For ${tenant.name}, shown this once:  ${secret}`);
    it.screen.line(`For the map, tenants.${tenant.name}.tokens:  ["${hash}"]`);
    if (urls.length === 0) it.screen.line("It opens nothing before the map has a log.name, e.g. logs.example.net.");
    for (const url of urls) it.screen.line(`Then:  curl -NH "authorization: Bearer $TOKEN" "${url}?since=1h"`);
    return "ok";
  },
});
