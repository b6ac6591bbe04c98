import { randomBytes } from "node:crypto";
import { promises as dns } from "node:dns";
import { request } from "node:http";

/** Where to ask the front that answers at an address of the world. */
export interface Door {
  readonly host: string;
  readonly port: number;
  /** This site's own: without it no order can succeed. The other site may be away for a while. */
  readonly own: boolean;
  /** Known inside the site only. Who gets such an address from the resolver can't tell what the world gets. */
  readonly inside: boolean;
}

export interface PreflightOptions {
  /** Addresses that a name may have -> the door behind it. */
  readonly doors: ReadonlyMap<string, Door>;
  readonly thumbprint: string;
  /** Addresses of a name; empty if there is none. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

export type Preflight =
  | { readonly ok: true }
  /** `soft`: an order may succeed all the same. */
  | { readonly ok: false; readonly reason: string; readonly soft: boolean };

/** Milliseconds for a front to answer. */
const patience = 3_000;

/**
 * Whether the authority would find our answer: the name leads to our fronts and to nobody else, and each front answers a
 * challenge with our account's thumbprint. Costs the authority nothing.
 */
export async function preflight(name: string, options: PreflightOptions): Promise<Preflight> {
  const { doors, thumbprint, resolve = resolveName } = options;
  const addresses = await resolve(name);
  const publicly = [...doors].flatMap(([address, { inside }]) => (inside ? [] : [address]));
  if (addresses.length === 0) return no(`${name} has no address in DNS; let it lead to ${publicly.join(" and ")}`);
  const foreign = addresses.filter((address) => !doors.has(address));
  if (foreign.length > 0)
    return no(`${name} leads to ${foreign.join(", ")}, which is not ours; correct its DNS records`);
  const found = addresses.flatMap((address) => doors.get(address) ?? []);
  const reached = new Map(
    (found.some(({ inside }) => inside) ? [...doors.values()] : found).map((door) => [
      `${door.host}:${door.port}`,
      door,
    ]),
  );
  for (const door of [...reached.values()].sort((a, b) => Number(b.own) - Number(a.own))) {
    const token = randomBytes(24).toString("base64url");
    const answer = await askDoor(door, name, token);
    if (answer === `${token}.${thumbprint}`) continue;
    const who = door.own ? "our front" : "the other site's front";
    return {
      ok: false,
      reason: `${who} does not answer the challenge for ${name} (${answer.slice(0, 80)})`,
      soft: !door.own,
    };
  }
  return { ok: true };
}

function no(reason: string): Preflight {
  return { ok: false, reason, soft: false };
}

/** What stands at the challenge's path, or why nothing does. */
function askDoor({ host, port }: Door, name: string, token: string): Promise<string> {
  return new Promise((resolve) => {
    const path = `/.well-known/acme-challenge/${token}`;
    const sent = request({ host, port, path, headers: { host: name }, timeout: patience, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body = (body + chunk).slice(0, 1_000);
      });
      response.on("end", () => resolve(response.statusCode === 200 ? body : `status ${response.statusCode}`));
      response.on("error", (error) => resolve(error.message));
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${patience} ms`)));
    sent.on("error", (error) => resolve(error.message));
    sent.end();
  });
}

async function resolveName(name: string): Promise<readonly string[]> {
  const none = (): string[] => [];
  const [v4, v6] = await Promise.all([dns.resolve4(name).catch(none), dns.resolve6(name).catch(none)]);
  return [...v4, ...v6];
}
