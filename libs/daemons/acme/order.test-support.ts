import { serveOrders } from "./order.ts";

serveOrders();
