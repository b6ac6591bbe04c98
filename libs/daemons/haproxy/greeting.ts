import { mapPath } from "./maps.ts";
import type { FrontSettings } from "./settings.ts";

/**
 * A check of a server that speaks first, as those for mail do: what it says has the words that its service promised. A
 * connection that opens proves little: the kernel opens it also for a process that stands still. Nothing is sent, so a
 * server that has much to do before it greets (names to look up) has three seconds for it.
 *
 * Last resorts (`ID.last`) don't ask the server but this HAProxy itself, which speaks HTTP, and begin with the PROXY
 * protocol, so that it has something to complain of. `onlyResorts`: all servers of the slot are such.
 */
export function greetsFirst({ paths }: FrontSettings, onlyResorts: boolean): readonly string[] {
  const slotOrSelf = "var(check.of),regsub(^.*[.]last,self),regsub([.].*,),regsub(^l,e)";
  const promise = `map_str(${mapPath(paths.maps, "greets")},HTTP),url_dec`;
  return [
    "    timeout check 3s",
    "    option tcp-check",
    ...(onlyResorts
      ? ["    tcp-check expect string HTTP"]
      : [
          '    tcp-check set-var-fmt(check.of) "%[be_name].%[srv_name]"',
          `    tcp-check set-var(check.greets) ${slotOrSelf},${promise}`,
          '    tcp-check expect string-lf "%[var(check.greets)]"',
        ]),
  ];
}

/** Of a server in a class that greets and is asked for by HTTP: what comes is no request, and is answered at once. */
export const complaint = " check-send-proxy";
