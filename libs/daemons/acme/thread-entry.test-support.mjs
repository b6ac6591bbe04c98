// The service's bundle is JavaScript; here the thread must learn to read TypeScript first.
import { register } from "tsx/esm/api";

register();
const { serveAuthority } = await import("./thread.ts");
serveAuthority();
