import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { debian } from "@zcloud/testing";
import type { Journal } from "../../../libs/daemons/rsyslog/rsyslog.test-support.ts";

export interface Talk {
  said(): number;
  /** Nothing more is said; resolves when the journal has been given all of it. */
  end(): Promise<number>;
  readonly over: Promise<unknown>;
}

/** Lines `<word> <n> ...` through a service's standard output, as journald takes it, evenly, until told or so many. */
export function say(journal: Journal, word: string, perSecond: number, most = Number.POSITIVE_INFINITY): Talk {
  const command = debian("/usr/bin/systemd-cat", "-t", word, "-p", "info", "cat");
  const [program = "", ...args] = [...journal.inside, ...command];
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "inherit"] });
  const over = new Promise((resolve) => child.once("exit", resolve));
  const start = performance.now();
  let said = 0;
  const timer = setInterval(() => {
    const due = Math.min(most, Math.ceil((perSecond * (performance.now() - start)) / 1_000));
    let text = "";
    for (; said < due; said += 1)
      text += `${word} ${said} GET /pages/${said % 97} from 198.51.100.${said % 250} took 12 ms\n`;
    if (text !== "") child.stdin.write(text);
    if (said >= most) end();
  }, 20);
  const end = (): void => {
    clearInterval(timer);
    child.stdin.end();
  };
  return {
    said: () => said,
    over,
    async end() {
      end();
      await over;
      return said;
    },
  };
}

/** What a host's files at znet have of the lines `<word> <n> ...`. */
export interface Tally {
  /** Reads what has been written since the last time. */
  read(): void;
  /** The files are not those that they were; all is read again. */
  forget(): void;
  has(line: number): boolean;
  /** All lines below this one are there. */
  whole(): number;
  /** Different lines, lines that stand again, lines that came behind a later one, and what is no JSON object. */
  counts(): { readonly distinct: number; readonly repeated: number; readonly late: number; readonly broken: number };
}

export function tally(directory: string, word: string): Tally {
  const pattern = new RegExp(`"msg":"${word} (\\d+) `);
  const chunk = Buffer.alloc(1 << 20);
  let files = new Map<string, { offset: number; rest: string }>();
  let seen = new Set<number>();
  let [stored, late, broken, highest, whole] = [0, 0, 0, -1, 0];

  function take(line: string): void {
    const number = Number(pattern.exec(line)?.[1] ?? -1);
    try {
      JSON.parse(line);
    } catch {
      broken += 1;
      return;
    }
    if (number < 0) return;
    stored += 1;
    if (seen.has(number)) return;
    seen.add(number);
    if (number < highest) late += 1;
    highest = Math.max(highest, number);
    while (seen.has(whole)) whole += 1;
  }

  function readFile(name: string): void {
    const place = files.get(name) ?? { offset: 0, rest: "" };
    files.set(name, place);
    const file = openSync(join(directory, name), "r");
    try {
      for (let got = 1; got > 0; ) {
        got = readSync(file, chunk, 0, chunk.length, place.offset);
        place.offset += got;
        const lines = (place.rest + chunk.toString("latin1", 0, got)).split("\n");
        place.rest = lines.pop() ?? "";
        for (const line of lines) take(line);
      }
    } finally {
      closeSync(file);
    }
  }

  return {
    read() {
      if (existsSync(directory)) for (const name of readdirSync(directory).sort()) readFile(name);
    },
    forget() {
      [files, seen] = [new Map(), new Set()];
      [stored, late, broken, highest, whole] = [0, 0, 0, -1, 0];
    },
    has: (line) => seen.has(line),
    whole: () => whole,
    counts: () => ({ distinct: seen.size, repeated: stored - seen.size, late, broken }),
  };
}
