import { serveOrder } from "./order.ts";

await serveOrder();
