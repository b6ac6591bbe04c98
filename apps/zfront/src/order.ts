import { serveOrder } from "@zcloud/daemons/acme/order";

await serveOrder();
