import { bundle } from "../../tools/build/bundle.ts";

/** order.js makes one order for a certificate: see src/reconcilers.ts. */
export default bundle("zfront", { order: "src/order.ts" });
