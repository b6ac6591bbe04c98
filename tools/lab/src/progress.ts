/** Tells a person how far it is: one line a step, with what came of it and how long it took. */
export class Progress {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)) {
    this.#write = write;
  }

  /** Runs a step; `work` returns what it did, in a few words. A step that throws is marked and the error goes on. */
  async step(name: string, work: () => Promise<string>): Promise<void> {
    const start = performance.now();
    try {
      const did = await work();
      this.#write(`✓ ${name.padEnd(12)} ${did}  ${seconds(start)}`);
    } catch (error) {
      this.#write(`✗ ${name.padEnd(12)} ${seconds(start)}`);
      throw error;
    }
  }

  skip(name: string, why: string): void {
    this.#write(`- ${name.padEnd(12)} skipped: ${why}`);
  }

  say(line: string): void {
    this.#write(line);
  }
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
