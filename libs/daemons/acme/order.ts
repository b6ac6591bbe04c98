import { createAuthority } from "./authority.ts";
import { OrderRequest } from "./order-process.ts";

/** The whole life of the process that `processAuthority` starts: one order from standard input, its outcome to standard output. */
export async function serveOrder(): Promise<void> {
  process.stdin.setEncoding("utf8");
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  const { names, contact, trust, ...asked } = OrderRequest.parse(JSON.parse(text));
  const issued = await createAuthority({ ...asked, contact, trust }).issue(names);
  // The connections to the authority are kept open; nothing else is worth waiting for.
  process.stdout.write(JSON.stringify(issued), () => process.exit(0));
}
