import * as z from "zod";
import { ZctlError } from "../exit.ts";
import { knownSubject, listWishes, sendWish } from "../intents.ts";
import { command } from "../spec.ts";

const Reason = z.strictObject({ reason: z.string().max(200).default("") });
const reason = { flags: "--reason <text>", about: "why, for the events and whoever asks" } as const;
const subject = {
  name: "[subject]",
  about: "a site, a host, or the beginning of a server's id",
  words: "hosts",
} as const;

export const drain = command(Reason, {
  name: "drain",
  summary: "no new requests for a site, a host or a server; or what is drained",
  about:
    "What is under way ends; new requests go to others, also of visitors with a cookie. It stands until `zctl undrain`,\n" +
    "over restarts. Nobody is turned away by it: where no one else answers, what is drained does.",
  arguments: [subject],
  options: [reason],
  examples: [
    { line: "zctl drain north/zpod1 --reason 'new disk'", about: "before the host is shut down" },
    { line: "zctl drain", about: "what is drained, by whom, since when, and what is still under way" },
  ],
  run: async (it, [what], options) => {
    if (what === undefined) return listWishes(it, "drain");
    const wish = { kind: "drain", subject: what, ...options } as const;
    await knownSubject(it, wish);
    return sendWish(it, wish, true);
  },
});

export const undrain = command(Reason, {
  name: "undrain",
  summary: "take a drain back",
  arguments: [{ ...subject, name: "<subject>" }],
  options: [reason],
  examples: [{ line: "zctl undrain north/zpod1", about: "it gets requests again at once" }],
  run: (it, [what = ""], options) => sendWish(it, { kind: "drain", subject: what, ...options }, false),
});

export const maintenance = command(Reason, {
  name: "maintenance",
  summary: "visitors of a stack read that it is being worked on",
  about:
    "503 with a page, the reason on it and Retry-After at both doors, for a stack or one service of it. Connections to its\n" +
    "TCP services end at once. Nobody is told that it is down.",
  arguments: [
    { name: "[action]", about: "on or off; without it, what is in maintenance", words: ["on", "off"] },
    { name: "[stack]", about: "tenant/project or tenant/project:service" },
  ],
  options: [reason],
  examples: [{ line: "zctl maintenance on garden/wiki --reason 'moving the database'", about: "until: off" }],
  run: async (it, [action, what], options) => {
    if (action === undefined) return listWishes(it, "maintenance");
    if ((action !== "on" && action !== "off") || what === undefined) {
      const remedy = "zctl maintenance on|off TENANT/PROJECT[:SERVICE]";
      throw new ZctlError("USAGE", "on or off, and which stack?", { exit: "usage", remedy });
    }
    const wish = { kind: "maintenance", subject: what, ...options } as const;
    if (action === "on") await knownSubject(it, wish);
    return sendWish(it, wish, action === "on");
  },
});
