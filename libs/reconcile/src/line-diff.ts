/** One step of an edit script: a line that is kept, removed or added. */
interface Edit {
  readonly mark: " " | "-" | "+";
  readonly line: string;
}

/** Beyond this many changed lines a shortest script isn't worth its time; the whole middle is then replaced. */
const maxEdits = 1_000;

export interface LineDiff {
  readonly added: number;
  readonly removed: number;
  /** Unified hunks with three lines of context, without file headers; empty if the texts are equal. */
  readonly unified: string;
}

/** What changes from one text to another, line by line. Costs as much as what differs, not as the texts: some are megabytes. */
export function diffLines(before: string, after: string): LineDiff {
  const { head, tail } = commonEnds(before, after);
  const middle = (text: string): string[] => toLines(text.slice(head, text.length - tail));
  const edits = editScript(middle(before), middle(after));
  return {
    added: edits.filter((edit) => edit.mark === "+").length,
    removed: edits.filter((edit) => edit.mark === "-").length,
    unified: hunks(edits, lineBreaks(before, head)),
  };
}

/** Lines around a change that a hunk shows. */
const context = 3;

/** How many characters two texts share at both ends, in whole lines, without those that hunks show. */
function commonEnds(a: string, b: string): { readonly head: number; readonly tail: number } {
  let head = longest(Math.min(a.length, b.length), (from, to) => a.slice(from, to) === b.slice(from, to));
  head = lineStart(a, head);
  for (let line = 0; line < context; line++) head = lineStart(a, head - 1);
  let tail = longest(Math.min(a.length, b.length) - head, (from, to) => {
    return a.slice(a.length - to, a.length - from) === b.slice(b.length - to, b.length - from);
  });
  for (let line = 0; line <= context; line++) {
    const at = a.indexOf("\n", a.length - tail);
    tail = tail === 0 || at < 0 ? 0 : a.length - at - 1;
  }
  return { head, tail };
}

/** Where the line begins that a position is in, or the text. */
function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** Characters that are compared at once: far quicker than one by one, and what is compared in vain is soon done. */
const block = 65_536;

/** The greatest length up to `limit` for which two texts are the same; `same` compares them from one position to another. */
function longest(limit: number, same: (from: number, to: number) => boolean): number {
  let low = 0;
  while (low + block <= limit && same(low, low + block)) low += block;
  let high = Math.min(limit, low + block);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (same(low, middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lineBreaks(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function toLines(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  else lines.push("\\ No newline at end of file");
  return lines;
}

function editScript(before: readonly string[], after: readonly string[]): Edit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail++;
  }
  const keep = (line: string): Edit => ({ mark: " ", line });
  const middle = shortestScript(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [...before.slice(0, head).map(keep), ...middle, ...before.slice(before.length - tail).map(keep)];
}

/** Myers, "An O(ND) Difference Algorithm" (1986), greedy forward, with the trace kept for walking back. */
function shortestScript(before: readonly string[], after: readonly string[]): Edit[] {
  // Nothing to compare: a file that is new, or lines in one place only. Whole configurations come this way.
  if (before.length === 0 || after.length === 0) return replacement(before, after);
  const trace: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  const limit = Math.min(before.length + after.length, maxEdits);
  for (let cost = 0; cost <= limit; cost++) {
    trace.push(new Map(furthest));
    const next = new Map(furthest);
    for (let diagonal = -cost; diagonal <= cost; diagonal += 2) {
      let x = goesDown(furthest, diagonal, cost) ? at(furthest, diagonal + 1) : at(furthest, diagonal - 1) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(before, after, trace);
    }
    furthest = next;
  }
  return replacement(before, after);
}

function replacement(before: readonly string[], after: readonly string[]): Edit[] {
  return [
    ...before.map((line) => ({ mark: "-", line }) as const),
    ...after.map((line) => ({ mark: "+", line }) as const),
  ];
}

const at = (furthest: ReadonlyMap<number, number>, diagonal: number): number => furthest.get(diagonal) ?? -1;

function goesDown(furthest: ReadonlyMap<number, number>, diagonal: number, cost: number): boolean {
  return diagonal === -cost || (diagonal !== cost && at(furthest, diagonal - 1) < at(furthest, diagonal + 1));
}

function walkBack(before: readonly string[], after: readonly string[], trace: readonly Map<number, number>[]): Edit[] {
  const edits: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let cost = trace.length - 1; cost >= 0; cost--) {
    const furthest = trace[cost] ?? new Map<number, number>();
    const diagonal = x - y;
    const previous = goesDown(furthest, diagonal, cost) ? diagonal + 1 : diagonal - 1;
    const fromX = at(furthest, previous);
    const fromY = fromX - previous;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      edits.push({ mark: " ", line: before[--x] ?? "" });
      y--;
    }
    if (cost === 0) break;
    if (x === fromX) edits.push({ mark: "+", line: after[--y] ?? "" });
    else edits.push({ mark: "-", line: before[--x] ?? "" });
  }
  return edits.reverse();
}

/** `offset`: lines that come before the first edit. */
function hunks(edits: readonly Edit[], offset: number): string {
  const shown = new Set<number>();
  edits.forEach((edit, index) => {
    if (edit.mark === " ") return;
    for (let near = index - context; near <= index + context; near++) shown.add(near);
  });
  const lines: string[] = [];
  let before = 1 + offset;
  let after = 1 + offset;
  let open = false;
  edits.forEach((edit, index) => {
    if (shown.has(index)) {
      if (!open) lines.push(`@@ -${before} +${after} @@`);
      lines.push(`${edit.mark}${edit.line}`);
    }
    open = shown.has(index);
    if (edit.mark !== "+") before++;
    if (edit.mark !== "-") after++;
  });
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
