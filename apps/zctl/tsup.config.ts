import { bundle } from "../../tools/build/bundle.ts";

/** enroll.js travels to the hosts: see src/commands/pki.ts. */
export default bundle("zctl", { enroll: "src/enroll.ts" });
