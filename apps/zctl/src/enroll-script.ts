import type { Host } from "@zcloud/host";
import { ZctlError } from "./exit.ts";

/** enroll.js as it was built: beside zctl.js, or in dist/ when zctl runs from its sources. */
export async function readEnrollScript(local: Host): Promise<string> {
  for (const place of ["./enroll.js", "../dist/enroll.js"]) {
    const text = await local.read(new URL(place, import.meta.url).pathname);
    if (text !== undefined) return text;
  }
  throw new ZctlError("TOOL", "the enrolment script is not built", { remedy: "npx nx build zctl" });
}
