import { runRole } from "@zcloud/service";
import { znet } from "./reconcilers.ts";

await runRole(znet);
