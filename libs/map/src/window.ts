/** A window of the day, in UTC (`02:00-04:00`), which may go past midnight. */
export interface DayWindow {
  /** Minute of the day at which it begins. */
  readonly start: number;
  /** Minutes. */
  readonly length: number;
}

const day = 1_440;
/** Minutes that hosts need to take turns, and to be done; and with which a site's window ends well before the other's. */
const shortest = 30;
const longest = 720;

/** Undefined if it isn't a window, or one too short or too long. */
export function parseWindow(text: string): DayWindow | undefined {
  const clock = "([01]\\d|2[0-3]):([0-5]\\d)";
  const [, ...parts] = new RegExp(`^${clock}-${clock}$`).exec(text)?.map(Number) ?? [];
  if (parts.length !== 4) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = parts;
  const start = fromHour * 60 + fromMinute;
  const length = (toHour * 60 + toMinute - start + day) % day;
  return length < shortest || length > longest ? undefined : { start, length };
}

/** Why `text` is not a window, with what would be one; undefined if it is. */
export function windowComplaint(text: string): string | undefined {
  if (parseWindow(text) !== undefined) return undefined;
  return `${text} is not a window; write two times in UTC, 30 minutes to 12 hours apart, e.g. 02:00-04:00`;
}
