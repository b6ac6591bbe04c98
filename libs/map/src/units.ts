/** Sizes (`20G`) and durations (`30d`) as people write them in the map. */

const sizes = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;
const durations = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

const sizePattern = /^(\d{1,6}(?:\.\d{1,3})?)([KMGT])$/;
const durationPattern = /^(\d{1,6})([smhdw])$/;

/** Bytes of `20G`, with units of 1024; undefined if it isn't a size. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit] = sizePattern.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Math.round(Number(amount) * sizes[unit as keyof typeof sizes]);
}

/** Seconds of `30d`; undefined if it isn't a duration. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = durationPattern.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * durations[unit as keyof typeof durations];
}

/** Requests in ten seconds of `20/s` or `300/m`, at least one; undefined if it isn't a rate, or over 100000/s. */
export function parseRate(text: string): number | undefined {
  const [, amount, unit] = /^([1-9]\d{0,6})\/(s|m)$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const inTen = Math.max(1, Math.round(unit === "s" ? Number(amount) * 10 : Number(amount) / 6));
  return inTen <= 1_000_000 ? inTen : undefined;
}

/** Why `text` is not a rate, with what would be one; undefined if it is. */
export function rateComplaint(text: string): string | undefined {
  if (parseRate(text) !== undefined) return undefined;
  return `${text} is not a rate; write requests for each second or minute, e.g. 100/s or 300/m, and at most 100000/s`;
}

/** Bytes as `20G`, or `1.5G`: the largest unit that gives at least 1, at most one decimal; below 1K in bytes. */
export function formatSize(bytes: number): string {
  const unit = (["T", "G", "M", "K"] as const).find((candidate) => bytes >= sizes[candidate]);
  if (unit === undefined) return `${bytes} bytes`;
  return `${Number((bytes / sizes[unit]).toFixed(1))}${unit}`;
}

/** Seconds as `30d`: the largest unit that divides them. */
export function formatDuration(seconds: number): string {
  const unit = (["w", "d", "h", "m"] as const).find((candidate) => seconds > 0 && seconds % durations[candidate] === 0);
  return unit === undefined ? `${seconds}s` : `${seconds / durations[unit]}${unit}`;
}

/** Why `text` is not a size, with what would be one; undefined if it is. */
export function sizeComplaint(text: string): string | undefined {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes > 0 ? undefined : `${text} is nothing; write e.g. 20G`;
  const [, amount, unit] = /^\s*(\d{1,6}(?:\.\d{1,3})?)\s*([kmgt])(?:i?b?)\s*$/i.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return `${text} is not a size; write ${amount}${unit.toUpperCase()}`;
  return `${text} is not a size; write a number and K, M, G or T, e.g. 20G`;
}

/** Why `text` is not a duration, with what would be one; undefined if it is. */
export function durationComplaint(text: string): string | undefined {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds > 0 ? undefined : `${text} is nothing; write e.g. 30d`;
  const [, amount, unit] = /^\s*(\d{1,6})\s*(s|m|h|d|w)[a-z]*\s*$/i.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined && !/^\s*\d+\s*mo/i.test(text)) {
    return `${text} is not a duration; write ${amount}${unit.toLowerCase()}`;
  }
  return `${text} is not a duration; write a number and s, m, h, d or w, e.g. 30d`;
}
