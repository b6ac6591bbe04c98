import type { Path } from "@zcloud/map";
import { type Finding, isRecord } from "./compose.ts";
import type { ServiceOptions } from "./schema.ts";

/** What a service may say beside `tls: passthrough`: all else needs the front to read requests. */
const beside: ReadonlySet<string> = new Set<keyof ServiceOptions>(["tls", "names", "port", "proxy_protocol", "tcp"]);

/** What doesn't go together where a service keeps its own keys, or where it does not. */
export function passthroughFindings(value: unknown, path: Path): readonly Finding[] {
  if (!isRecord(value)) return [];
  if (value["tls"] !== "passthrough") {
    const message = "is for tls: passthrough; a service that gets requests reads x-forwarded-for";
    return value["proxy_protocol"] === undefined ? [] : [{ path: [...path, "proxy_protocol"], at: "key", message }];
  }
  const names = Array.isArray(value["names"]) ? value["names"] : [];
  const parts = names.flatMap((name, index): readonly Finding[] => {
    const [host = ""] = String(name).split("/");
    if (host === name) return [];
    const message = `tls: passthrough shows the front no paths; write ${host}, which then leads here as a whole`;
    return [{ path: [...path, "names", index], message }];
  });
  const nameless: readonly Finding[] =
    names.length > 0
      ? []
      : [{ path: [...path, "tls"], message: "connections are told apart by name; add names: [vault.example.net]" }];
  const unread = Object.keys(value).flatMap((key): readonly Finding[] => {
    const message = `needs the front to read requests, which tls: passthrough keeps from it; remove one of the two`;
    return beside.has(key) ? [] : [{ path: [...path, key], at: "key", message }];
  });
  return [...nameless, ...parts, ...unread];
}
