import { LocalHost } from "@zcloud/host";
import { enrollHost } from "./pki/enroll-host.ts";

/** Sent by `zctl pki` to each host as `node --input-type=module - ID FQDN [acme]`; prints one JSON document. */
const [id = "", fqdn = "", acme] = process.argv.slice(2);
try {
  const enrolled = await enrollHost(new LocalHost(), { id, fqdn, acme: acme === "acme" });
  process.stdout.write(`${JSON.stringify(enrolled)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
