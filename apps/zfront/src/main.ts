import { runRole } from "@zcloud/service";
import { zfront } from "./reconcilers.ts";

await runRole(zfront);
