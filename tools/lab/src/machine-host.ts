import { type FileStat, type Host, LocalHost, type RunOptions, type RunResult, type WriteOptions } from "@zcloud/host";
import { LabError } from "./errors.ts";
import type { Machine } from "./machine.ts";

/** A running machine of the lab as a Host, from outside: what SSH would do, before anybody could log in. */
export class MachineHost implements Host {
  readonly name: string;
  readonly #machine: Machine;
  readonly #outside = new LocalHost();

  constructor(machine: Machine) {
    this.name = machine.host.id;
    this.#machine = machine;
  }

  async run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    return this.#outside.run([...(await this.#machine.entering()), ...argv], options);
  }

  async read(path: string): Promise<string | undefined> {
    return this.#outside.read(await this.#inside(path));
  }

  async write(path: string, content: string | Uint8Array, options?: WriteOptions): Promise<void> {
    return this.#outside.write(await this.#inside(path), content, options);
  }

  async remove(path: string): Promise<void> {
    return this.#outside.remove(await this.#inside(path));
  }

  async list(path: string): Promise<readonly string[]> {
    return this.#outside.list(await this.#inside(path));
  }

  async stat(path: string): Promise<FileStat | undefined> {
    return this.#outside.stat(await this.#inside(path));
  }

  async close(): Promise<void> {}

  /** Its files as its own init sees them, tmpfs included (proc_pid_root(5)). */
  async #inside(path: string): Promise<string> {
    const pid = await this.#machine.leader();
    if (pid === undefined) throw new LabError(`open ${path} on ${this.name}: it is powered off`);
    return `/proc/${pid}/root${path}`;
  }
}
