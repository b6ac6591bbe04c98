import { onEveryVm } from "@zcloud/daemons/every-vm";
import { runRole } from "@zcloud/service";
import { zpod } from "./reconcilers.ts";

await runRole(onEveryVm(zpod));
