import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";

/** JSON lines on stdout for journald, which adds time, host and unit itself; no transports, they don't survive bundling. */
export function createLogger(name: string, destination?: DestinationStream): Logger {
  const options = {
    name,
    level: process.env["ZCLOUD_LOG"] ?? "info",
    base: { name },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
