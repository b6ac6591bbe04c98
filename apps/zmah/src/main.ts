import { runRole } from "@zcloud/service";
import { zmah } from "./reconcilers.ts";

await runRole(zmah);
