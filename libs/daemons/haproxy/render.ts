import { type SlotClass, type SlotClassName, slotClasses } from "./classes.ts";
import { frontends } from "./frontends.ts";
import { globals } from "./globals.ts";
import { fingerprint } from "./hash.ts";
import { counters } from "./limits.ts";
import type { Placed } from "./maps.ts";
import { html, pages } from "./pages.ts";
import { remember } from "./remember.ts";
import type { Route } from "./routes.ts";
import { serverLine, slotServers } from "./servers.ts";
import type { FrontSettings } from "./settings.ts";
import { slotDefaults } from "./slot-defaults.ts";
import { tcpDefaults, tcpFrontends, tcpSlotDefaults } from "./tcp.ts";

/** A whole haproxy.cfg, and what identifies the part of it that only a reload can change. */
export interface RenderedConfig {
  readonly text: string;
  /** Stands in the configuration as `description`; `show info` says which one the running process has. */
  readonly description: string;
}

type Slots = ReadonlyMap<number, SlotClassName>;
type Renderer = (
  settings: FrontSettings,
  slots: Slots,
  placed: readonly Placed[],
  inputs: readonly string[],
) => RenderedConfig;

/**
 * haproxy.cfg of a front. `inputs` are texts outside of it that are read at start only (certificates of the peer link).
 * Everything but the `server` lines of the slots is static: those, map entries and certificates go by the runtime API.
 */
export const renderConfig: Renderer = (...parts) => configRenderer()(...parts);

/** `renderConfig`, which writes anew only the slots whose route is another object than the time before. */
export function configRenderer(): Renderer {
  const frame = remember(renderFrame);
  const write = slotWriter();
  return (settings, slots, placed, inputs) => {
    const peeks = placed.some(({ route }) => route.passthrough !== undefined);
    const { description, text } = frame(settings, slots, peeks, inputs);
    return { description, text: write(text, settings, slots, placed) };
  };
}

/** What stands before the slots. */
function renderFrame(settings: FrontSettings, slots: Slots, peeks: boolean, inputs: readonly string[]): RenderedConfig {
  const used = new Set(slots.values());
  const classes = slotClasses.filter(({ name }) => used.has(name));
  const frame = [
    ...defaults(settings, classes),
    ...counters(settings),
    ...frontends(settings, peeks),
    ...tcpFrontends(settings, peeks),
  ];
  const fixed = [
    ...globals(settings, "", slots.size),
    ...frame,
    ...serverForms(settings, classes, slots.size),
    ...[...slots].map(([slot, name]) => `${slot} ${name}`),
    ...inputs,
  ];
  const description = `zcloud-${fingerprint(fixed.join("\n"))}`;
  const head = [...globals(settings, description, slots.size), ...frame];
  return { description, text: [...head, "# The slots. A name comes to its slot by hosts.map.", ""].join("\n") };
}

/** Puts the slots behind the frame. Some megabytes, of which mostly one slot is another than before: the rest is copied. */
function slotWriter(): (frame: string, settings: FrontSettings, slots: Slots, placed: readonly Placed[]) => string {
  let before: { readonly frame: string; readonly settings: FrontSettings; readonly slots: Slots } | undefined;
  let routes: ReadonlyMap<number, Route> = new Map();
  let text = "";
  /** Where each slot begins in `text`, in the order of slots; at last, its length. */
  let starts: readonly number[] = [];

  return (frame, settings, slots, placed) => {
    // How often servers are checked depends on the number of slots.
    const same = before?.frame === frame && before.settings === settings && before.slots === slots;
    const now = new Map<number, Route>();
    for (const { route, slot } of placed) now.set(slot, route);
    const pieces = same ? [] : [frame];
    const next: number[] = [];
    let [copied, at, index] = [0, same ? (starts[0] ?? 0) : frame.length, 0];
    for (const [slot, name] of slots) {
      next.push(at);
      const [start, end] = [starts[index] ?? 0, starts[index + 1] ?? 0];
      index += 1;
      const route = now.get(slot);
      if (same && routes.get(slot) === route) {
        at += end - start;
        continue;
      }
      const lines = slotText(settings, slots, slot, name, route);
      if (same) pieces.push(text.slice(copied, start));
      pieces.push(lines);
      copied = end;
      at += lines.length;
    }
    next.push(at);
    if (same) pieces.push(text.slice(copied));
    [before, routes, starts] = [{ frame, settings, slots }, now, next];
    text = pieces.join("");
    return text;
  };
}

function slotText(
  settings: FrontSettings,
  slots: Slots,
  slot: number,
  name: SlotClassName,
  route: Route | undefined,
): string {
  const servers = route === undefined ? [] : slotServers(slot, name, route, settings, slots.size);
  const lines = ["e", "l"].flatMap((side) => [
    `backend ${side}${slot} from ${side}-${name}`,
    ...servers.filter(({ backend }) => backend === `${side}${slot}`).map(serverLine),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

const anyRoute = {
  key: "t/p/s",
  names: [],
  places: [],
  redirects: new Map(),
  health: "/",
  answersWithin: undefined,
  http: {},
  tenantRate: undefined,
  port: undefined,
  proxyProtocol: true,
  peer: true,
} as const;

/** How servers are written in each class: another release may write them differently, and running ones keep the old way. */
function serverForms(settings: FrontSettings, classes: readonly SlotClass[], pool: number): string[] {
  const servers = [{ id: "s", address: "192.0.2.1", port: 1, draining: false, host: "site/host" }];
  const route: Route = { ...anyRoute, servers };
  return classes.flatMap(({ name }) => slotServers(1, name, route, settings, pool).map(serverLine));
}

function defaults(settings: FrontSettings, classes: readonly SlotClass[]): string[] {
  const error = (status: number, text: string): string =>
    `    http-error status ${status} ${html} hdr cache-control no-store hdr retry-after 30 string '${text}'`;
  const base = [
    "    mode http",
    ...(settings.log === undefined ? [] : ["    log global"]),
    "    option dontlognull",
    "    # X_Forwarded_For and the like would become X-Forwarded-For in some applications.",
    "    option http-restrict-req-hdr-names delete",
    "    option idle-close-on-response",
    "    timeout http-request 10s",
    "    timeout http-keep-alive 60s",
    "    timeout client 60s",
    "    timeout server 60s",
    "    timeout tunnel 1h",
    error(502, pages.badGateway),
    error(503, pages.unavailable),
    error(504, pages.timeout),
  ];
  return [
    "defaults base",
    ...base,
    "    timeout connect 300ms",
    "",
    ...tcpDefaults(settings),
    ...classes.flatMap((one) => (one.mode === "http" ? slotDefaults(settings, one) : tcpSlotDefaults(settings, one))),
  ];
}
