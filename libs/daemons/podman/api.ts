import { type IncomingMessage, request } from "node:http";
import { labelOf } from "@zcloud/daemons/stack";
import * as z from "zod";
import { type Container, ContainerList, containersOf } from "./containers.ts";

/** podman's API can't be asked, or said no. */
export class PodmanError extends Error {
  readonly code = "PODMAN";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PodmanError";
  }
}

export const podmanSocket = "/run/podman/podman.sock";
const maxAnswer = 32 * 1024 * 1024;
const Said = z.object({ message: z.string().optional(), error: z.string().optional(), cause: z.string().optional() });

/** An event of podman's stream, as far as we read it. */
const PodmanEvent = z.object({
  Action: z.string(),
  HealthStatus: z.string().optional(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
});
export type PodmanEvent = z.infer<typeof PodmanEvent>;

/** libpod's REST API over its unix socket: https://docs.podman.io/en/v5.4.0/_static/api.html. */
export class PodmanApi {
  readonly #socket: string;

  constructor(socket: string = podmanSocket) {
    this.#socket = socket;
  }

  /** Every container of a stack, also those that have ended. */
  async containers(signal: AbortSignal): Promise<readonly Container[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: ["zcloud.tenant"] }));
    const { body } = await this.#ask("GET", `/containers/json?all=true&filters=${filters}`, {
      signal,
      timeout: 10_000,
      what: "list containers",
    });
    return containersOf(ContainerList.parse(JSON.parse(body)));
  }

  async hasImage(name: string, signal: AbortSignal): Promise<boolean> {
    const { status } = await this.#ask("GET", `/images/${encodeURIComponent(name)}/exists`, {
      signal,
      timeout: 10_000,
      what: `look for image ${name}`,
      accept: [404],
    });
    return status !== 404;
  }

  /** Fetches an image. podman answers 200 at once and reports failure in the text that follows. */
  async pull(name: string, signal: AbortSignal): Promise<void> {
    const { body } = await this.#ask(
      "POST",
      `/images/pull?quiet=true&policy=missing&reference=${encodeURIComponent(name)}`,
      { signal, timeout: 900_000, what: `fetch image ${name}` },
    );
    for (const line of body.split("\n").filter((text) => text.trim() !== "")) {
      const said = Said.safeParse(JSON.parse(line));
      if (said.success && said.data.error !== undefined)
        throw new PodmanError(`fetch image ${name}: ${said.data.error}`);
    }
  }

  async restart(id: string, signal: AbortSignal): Promise<void> {
    await this.#ask("POST", `/containers/${id}/restart?timeout=3`, {
      signal,
      timeout: 30_000,
      what: `restart container ${id.slice(0, 12)}`,
    });
  }

  /** Forgets a named volume; its directory, which is ours, stays. No error if there is none. */
  async forgetVolume(name: string, signal: AbortSignal): Promise<void> {
    await this.#ask("DELETE", `/volumes/${encodeURIComponent(name)}`, {
      signal,
      timeout: 10_000,
      what: `forget volume ${name}`,
      accept: [404],
    });
  }

  /**
   * Follows the events of containers until the stream ends, which is normal: podman.service stops when idle and
   * breaks streams when it restarts. Resolves at the end, rejects if it can't be opened.
   */
  async follow(onOpen: () => void, onEvent: (event: PodmanEvent) => void, signal: AbortSignal): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ type: ["container"] }));
    const answer = await this.#open("GET", `/events?stream=true&filters=${filters}`, signal, "follow events");
    if (answer.statusCode !== 200) throw new PodmanError(`follow events: podman answered ${answer.statusCode}`);
    onOpen();
    let rest = "";
    answer.setEncoding("utf8");
    try {
      for await (const chunk of answer) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines.filter((text) => text !== "")) {
          const event = PodmanEvent.safeParse(JSON.parse(line));
          // The API's filter takes labels with a value only, so what isn't a stack's is dropped here.
          if (event.success && event.data.Actor.Attributes?.[labelOf.tenant] !== undefined) onEvent(event.data);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw new PodmanError(`follow events: ${text(error)}`, { cause: error });
    }
  }

  async #ask(
    method: string,
    path: string,
    options: { signal: AbortSignal; timeout: number; what: string; accept?: readonly number[] },
  ): Promise<{ status: number; body: string }> {
    const { what, accept = [] } = options;
    const answer = await this.#open(
      method,
      path,
      AbortSignal.any([options.signal, AbortSignal.timeout(options.timeout)]),
      what,
    );
    let body = "";
    try {
      answer.setEncoding("utf8");
      for await (const chunk of answer) {
        body += String(chunk);
        if (body.length > maxAnswer) throw new PodmanError("podman answered too much");
      }
    } catch (error) {
      throw new PodmanError(`${what}: ${text(error)}`, { cause: error });
    }
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status !== 304 && !accept.includes(status))
      throw new PodmanError(`${what}: ${said(body) ?? `podman answered ${status}`}`);
    return { status, body };
  }

  #open(method: string, path: string, signal: AbortSignal, what: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          socketPath: this.#socket,
          method,
          path: `/v5.4.0/libpod${path}`,
          headers: { host: "podman" },
          signal,
          agent: false,
        },
        resolve,
      );
      asked.once("error", (error) => reject(new PodmanError(`${what}: ${text(error)}`, { cause: error })));
      asked.end();
    });
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function said(body: string): string | undefined {
  try {
    const parsed = Said.safeParse(JSON.parse(body));
    return parsed.success ? (parsed.data.message ?? parsed.data.cause) : undefined;
  } catch {
    return undefined;
  }
}
