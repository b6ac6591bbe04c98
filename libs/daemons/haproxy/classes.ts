import type { Route } from "./routes.ts";

/**
 * What HAProxy fixes per backend, and a route can therefore only choose by choosing its slot. Everything else about a
 * route stands in maps and is looked up per request.
 */
export interface SlotClass {
  readonly name: SlotClassName;
  /** `tcp`, `tls`: connections are passed on as they are; none of the choices but `balance` has a meaning. */
  readonly mode: "http" | "tcp" | "tls";
  /** A GET without an answer in time is given to another server; otherwise it waits. */
  readonly quick: boolean;
  /** `one`: the local server first, then the peer. `many`: local servers in turn, the peer as backup. `sticky`: so, by a cookie. */
  readonly balance: "one" | "many" | "sticky";
  /** Text is compressed. */
  readonly gzip: boolean;
  /** Servers speak HTTP/2 without TLS; whatever they answer to a check, they are well. */
  readonly h2: boolean;
  /** A GET that is answered 500 is asked again. */
  readonly again500: boolean;
  /** Of `tcp`: servers speak first, and are held to it (greeting.ts). */
  readonly greets: boolean;
  /** Slots made at the first start; 0: made when the first route wants one, by a reload. */
  readonly initial: number;
  /** Slots made at least when there are too few. */
  readonly step: number;
  /** Attempts after the first. */
  readonly retries: number;
}

/**
 * Milliseconds for one connection. `edge`: an `e` slot's, to a server next door or through the link to the peer's front;
 * HAProxy counts in what HTTP/2 begins with, so the distance and its handshake have to fit, and an attempt that is
 * late is made again. `site`: an `l` slot's, to a server next door. `distance`: the link's own, TCP and TLS (link.ts).
 */
export const connectTimeouts = { edge: 200, site: 100, distance: 2000 } as const;

const patience = ["patient", "quick"] as const;
const balances = ["one", "many", "sticky"] as const;

export type SlotClassName =
  | "tcp-one"
  | "tcp-many"
  | "tcp-one-greets"
  | "tcp-many-greets"
  | "tls-one"
  | "tls-many"
  | `${(typeof patience)[number]}-${(typeof balances)[number]}${"" | "-gzip"}${"" | "-h2"}${"" | "-500"}`;

/** Most routes are of these; the others' slots are made when somebody wants one. */
const usual: ReadonlyMap<string, number> = new Map([
  ["patient-one", 64],
  ["patient-many", 32],
  ["quick-one", 32],
  ["quick-many", 32],
]);

type Traits = Pick<SlotClass, "mode" | "quick" | "balance" | "gzip" | "h2" | "again500" | "greets">;

function nameOf({ mode, quick, balance, gzip, h2, again500, greets }: Traits): SlotClassName {
  const count = balance === "one" ? "one" : "many";
  if (mode === "tcp" && greets) return `tcp-${count}-greets`;
  if (mode !== "http") return `${mode}-${count}`;
  return `${quick ? "quick" : "patient"}-${balance}${gzip ? "-gzip" : ""}${h2 ? "-h2" : ""}${again500 ? "-500" : ""}`;
}

const no_yes = [false, true] as const;
const stream = { quick: false, gzip: false, h2: false, again500: false } as const;
const streams = (["tcp", "tls", "greets"] as const).flatMap((kind) => {
  const of = { ...stream, mode: kind === "tls" ? ("tls" as const) : ("tcp" as const), greets: kind === "greets" };
  return (["one", "many"] as const).map((balance) => ({ ...of, balance }));
});
const http: readonly Traits[] = patience.flatMap((patient) =>
  balances.flatMap((balance) =>
    no_yes.flatMap((gzip) =>
      no_yes.flatMap((h2) =>
        no_yes.map((again500) => ({
          ...{ mode: "http", quick: patient === "quick", greets: false },
          ...{ balance, gzip, h2, again500 },
        })),
      ),
    ),
  ),
);

/** All of them, in a fixed order. */
export const slotClasses: readonly SlotClass[] = [...http, ...streams].map((one) => {
  const name = nameOf(one);
  const initial = usual.get(name) ?? 0;
  return { ...one, name, initial, step: initial || 8, retries: one.balance === "one" ? 4 : 8 };
});

const byName: ReadonlyMap<string, SlotClass> = new Map(slotClasses.map((one) => [one.name, one]));

export const slotClassNames: readonly SlotClassName[] = slotClasses.map(({ name }) => name);

export function slotClass(name: SlotClassName): SlotClass {
  const found = byName.get(name);
  if (found === undefined) throw new Error(`find slot class: there is no ${name}`);
  return found;
}

/** The class that suits a route as it is now. */
export function classOf({ servers, answersWithin, http, port, passthrough, greets }: Route): SlotClassName {
  const many = servers.filter(({ draining, drained }) => !draining && drained !== true).length > 1;
  if (port !== undefined) return `tcp-${many ? "many" : "one"}${greets === undefined ? "" : "-greets"}`;
  if (passthrough !== undefined) return many ? "tls-many" : "tls-one";
  return nameOf({
    ...{ mode: "http", greets: false },
    quick: answersWithin !== undefined,
    balance: http.sticky === true ? "sticky" : many ? "many" : "one",
    gzip: http.compress === true,
    h2: http.h2 === true,
    again500: http.retry500 === true,
  });
}

/** Whether what is lost by staying in `has` is only that it is meant for several servers. */
export function suits(has: SlotClassName, wish: SlotClassName): boolean {
  const [from, to] = [slotClass(has), slotClass(wish)];
  return from.balance === "many" && to.balance === "one" && nameOf({ ...to, balance: "many" }) === has;
}
