import { stripVTControlCharacters } from "node:util";

/** Where a screen goes. `colour` and `live` are decided once, at the edge (`terminal()`). */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Escape sequences for colour are welcome on standard output. */
  readonly colour: boolean;
  /** Standard error is a terminal, so that a progress line can be rewritten. */
  readonly live: boolean;
}

export type Colour = "red" | "green" | "yellow" | "dim" | "bold";
const sgr: Record<Colour, readonly [number, number]> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Colours only on a terminal that takes them (https://no-color.org; TERM=dumb). */
export function terminal(env: NodeJS.ProcessEnv, stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Terminal {
  const plain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    colour: stdout.isTTY === true && !plain,
    live: stderr.isTTY === true && env["TERM"] !== "dumb",
  };
}

/** Control sequences of ECMA-48 (5.4), and control characters but newline and tab. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const control = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text from elsewhere made safe to print: nothing in it steers the terminal. */
export function printable(text: string): string {
  return text.replace(control, (found) => (found.length > 1 ? "" : "\ufffd"));
}

/** Columns padded to their widest cell, two spaces between; the last is not padded. Colours do not count as width. */
export function table(rows: readonly (readonly string[])[], indent = ""): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, width(cell));
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === row.length - 1 ? cell : cell + " ".repeat((widths[i] ?? 0) - width(cell)),
    );
    return (indent + cells.join("  ")).trimEnd();
  });
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

/** A line on a live terminal which says what is being waited for; silent elsewhere, and for the first second. */
export interface Progress {
  say(what: string): void;
  done(): void;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** What the operator sees. In JSON mode only `json()` reaches standard output. */
export class Screen {
  readonly #terminal: Terminal;
  readonly jsonMode: boolean;
  #progress: string | undefined;

  constructor(to: Terminal, jsonMode: boolean) {
    this.#terminal = to;
    this.jsonMode = jsonMode;
  }

  paint(colour: Colour, text: string): string {
    if (!this.#terminal.colour || this.jsonMode) return text;
    const [on, off] = sgr[colour];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }

  line(text = ""): void {
    if (this.jsonMode) return;
    this.#wipe();
    this.#terminal.out(`${text}\n`);
  }

  lines(all: readonly string[]): void {
    for (const text of all) this.line(text);
  }

  /** To standard error, in every mode. */
  warn(text: string): void {
    this.#wipe();
    this.#terminal.err(`${text}\n`);
  }

  /** The one document of a command, or one of a stream's lines. */
  json(value: unknown, compact = false): void {
    this.#terminal.out(`${compact ? JSON.stringify(value) : JSON.stringify(value, null, 2)}\n`);
  }

  progress(what: string): Progress {
    if (!this.#terminal.live || this.jsonMode) return { say: () => {}, done: () => {} };
    let text = what;
    let tick = 0;
    const draw = () => {
      tick += 1;
      if (tick < 8) return;
      this.#wipe();
      this.#progress = `${frames[tick % frames.length]} ${text}`;
      this.#terminal.err(this.#progress);
    };
    const timer = setInterval(draw, 120);
    timer.unref();
    return {
      say: (next) => {
        text = next;
      },
      done: () => {
        clearInterval(timer);
        this.#wipe();
      },
    };
  }

  #wipe(): void {
    if (this.#progress === undefined) return;
    this.#terminal.err("\r\u001b[K");
    this.#progress = undefined;
  }
}

/** `1 host`, `3 hosts`; `2 policies` needs its plural spelled. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `31 ms`, `2.1 s`, `3 min`, `31 h`, `6 d`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}
