import { onEveryVm } from "@zcloud/daemons/every-vm";
import { runRole } from "@zcloud/service";
import { zfront } from "./reconcilers.ts";

await runRole(onEveryVm(zfront));
