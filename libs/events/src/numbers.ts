const KiB = 1024;

/** A host's numbers as they travel where nobody may ask for them: Prometheus' text, gzipped, to a subject of the host's own. */
export const numbers = {
  /** Milliseconds between two. */
  every: 15_000,
  /** Milliseconds after which the last ones say nothing of now. */
  stale: 60_000,
  /** Milliseconds within which another one is not looked at. */
  least: 5_000,
  /** Bytes of it packed, and unpacked; the bus takes no message of more than 1 MB. */
  mostPacked: 512 * KiB,
  mostText: 8 * 1024 * KiB,
  /** Bytes of a line. */
  mostLine: 4 * KiB,
} as const;

/** `zc.numbers.north.zstore` */
export function numbersSubject(host: string): string {
  return `zc.numbers.${host.replace("/", ".")}`;
}

const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
/** A sample of Prometheus' text format 0.0.4, without a time of its own. */
const sample = new RegExp(
  `^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\\{(?:${label}(?:,${label})*,?)?\\})? (?:[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?|[-+]?Inf|NaN)$`,
);

/** Why a text is none of Prometheus' that we take; undefined if it is one. */
export function numbersFault(text: string): string | undefined {
  if (text.length > numbers.mostText) return `${text.length} bytes are too many`;
  if (!text.endsWith("\n")) return "its last line has no end";
  const lines = text.split("\n");
  const wrong = lines.findIndex((line) => {
    if (line.length > numbers.mostLine) return true;
    return line !== "" && !line.startsWith("#") && !sample.test(line);
  });
  return wrong === -1 ? undefined : `line ${wrong + 1} is no sample`;
}
