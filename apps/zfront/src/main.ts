import { isAuthorityWorker, serveAuthority } from "@zcloud/daemons/acme";
import { runRole } from "@zcloud/service";
import { zfront } from "./reconcilers.ts";

// Orders of certificates have a thread of their own, started from this same file while there are any.
if (isAuthorityWorker()) serveAuthority();
else await runRole(zfront);
