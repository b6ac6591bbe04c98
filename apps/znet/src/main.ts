import { onEveryVm } from "@zcloud/daemons/every-vm";
import { runRole } from "@zcloud/service";
import { znet } from "./reconcilers.ts";

await runRole(onEveryVm(znet));
