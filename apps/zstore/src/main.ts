import { runRole } from "@zcloud/service";
import { zstore } from "./reconcilers.ts";

await runRole(zstore);
