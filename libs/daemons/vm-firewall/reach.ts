import { connect } from "node:net";
import type { Door } from "./flows.ts";

/** Whether somebody answers there, be it by refusing: the way is open. At most two seconds. */
export function reach({ address, port }: Door, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (open: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      socket.destroy();
      resolve(open);
    };
    const stop = (): void => end(false);
    const timer = setTimeout(stop, 2_000);
    signal?.addEventListener("abort", stop, { once: true });
    socket.once("connect", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}
