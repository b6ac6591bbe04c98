import { createInterface } from "node:readline";
import { createAuthority } from "./authority.ts";
import { type Answer, Line } from "./order-process.ts";

/**
 * The whole life of the process that `processAuthority` starts: who orders in the first line, then an order a line, and
 * for each its outcome as soon as there is one. It ends when its input has ended and every order is answered.
 */
export function serveOrders(): void {
  let authority: ReturnType<typeof createAuthority> | undefined;
  let underWay = 0;
  let open = true;

  // The connections to the authority are kept open; nothing else is worth waiting for.
  const endIfDone = (): void => {
    if (!open && underWay === 0) process.stdout.write("", () => process.exit(0));
  };
  const order = async ({ id, ...request }: Extract<Line, { id: number }>): Promise<void> => {
    if (authority === undefined) throw new Error("an order came before who orders");
    underWay += 1;
    const issued = await authority.issue(request);
    process.stdout.write(`${JSON.stringify({ id, issued } satisfies Answer)}\n`);
    underWay -= 1;
    endIfDone();
  };
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (text) => {
    const line = Line.parse(JSON.parse(text));
    if ("id" in line) void order(line);
    else authority = createAuthority({ contact: undefined, trust: undefined, ...line });
  });
  lines.on("close", () => {
    open = false;
    endIfDone();
  });
}
