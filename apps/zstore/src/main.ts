import { onEveryVm } from "@zcloud/daemons/every-vm";
import { runRole } from "@zcloud/service";
import { zstore } from "./reconcilers.ts";

await runRole(onEveryVm(zstore));
