import type { Host } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import { Agent } from "./agents.ts";
import { type Installation, loadInstallation, type Surroundings } from "./installation.ts";
import type { Screen } from "./screen.ts";

/** What a command has to do with the world; tests give their own. */
export interface Ports extends Surroundings {
  /** A host of an installation, by SSH. Nothing is sent before the first use. */
  connect(installation: Installation, entry: HostEntry): Promise<Host>;
  /** The bundled script by which a host makes its keys. */
  enrollScript(): Promise<string>;
  /** Runs a command on this terminal until it ends; its exit status. */
  attach(argv: readonly string[]): Promise<number>;
  /** What a command of this machine writes, as it comes; throws if it fails. */
  stream(argv: readonly string[], signal: AbortSignal): AsyncIterable<readonly string[]>;
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** One run of one command. */
export class Invocation {
  readonly ports: Ports;
  readonly screen: Screen;
  readonly #mapOption: string | undefined;
  readonly #hosts = new Map<string, Promise<Host>>();
  #installation: Promise<Installation> | undefined;

  constructor(ports: Ports, screen: Screen, mapOption: string | undefined) {
    this.ports = ports;
    this.screen = screen;
    this.#mapOption = mapOption;
  }

  get signal(): AbortSignal {
    return this.ports.signal;
  }

  get mapOption(): string | undefined {
    return this.#mapOption;
  }

  installation(): Promise<Installation> {
    this.#installation ??= loadInstallation(this.ports, this.#mapOption);
    return this.#installation;
  }

  async host(entry: HostEntry): Promise<Host> {
    const installation = await this.installation();
    const known = this.#hosts.get(entry.id);
    if (known !== undefined) return known;
    const host = this.ports.connect(installation, entry);
    this.#hosts.set(entry.id, host);
    return host;
  }

  async agent(entry: HostEntry): Promise<Agent> {
    return new Agent(entry, await this.host(entry));
  }

  sleep(ms: number): Promise<void> {
    return this.ports.sleep(ms, this.signal);
  }
}
