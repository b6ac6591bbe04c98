import { onEveryVm } from "@zcloud/daemons/every-vm";
import { runRole } from "@zcloud/service";
import { zmah } from "./reconcilers.ts";

await runRole(onEveryVm(zmah));
