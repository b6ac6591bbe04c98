import { runRole } from "@zcloud/service";
import { zpod } from "./reconcilers.ts";

await runRole(zpod);
