import { serveOrders } from "@zcloud/daemons/acme/order";

serveOrders();
