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
  return pino(options, destination ?? journalLevels(pino.destination(1)));
}

/**
 * Lets journald know each line's level, by the prefix that it takes away again (sd-daemon(3)); without it all is `info` there. On a
 * terminal, or in a file, nothing is added.
 */
export function journalLevels(
  out: DestinationStream,
  listens = process.env["JOURNAL_STREAM"] !== undefined,
): DestinationStream {
  if (!listens) return out;
  const stream = {
    [Symbol.for("pino.metadata")]: true,
    lastLevel: 30,
    write: (line: string): void => out.write(`<${syslogLevel(stream.lastLevel)}>${line}`),
  };
  return stream;
}

/** pino's numbers, syslog's (RFC 5424, 6.2.1). */
function syslogLevel(level: number): number {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}
