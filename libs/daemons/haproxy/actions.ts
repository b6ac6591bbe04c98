import type { Action, WriteFile } from "@zcloud/reconcile";
import type { CertificateStep } from "./certificates.ts";
import type { DriftKind } from "./drift.ts";
import type { Step } from "./steps.ts";

/** `drift`: it repairs what somebody else changed in the running process. */
export type FrontAction = Action & { readonly drift?: readonly DriftKind[] } & (
    | { readonly kind: "make-placeholder" }
    | { readonly kind: "write-unit"; readonly files: readonly WriteFile[] }
    /** `check`: HAProxy must find the new configuration good before it stands on disk. */
    | { readonly kind: "write-config"; readonly files: readonly WriteFile[]; readonly check: boolean }
    | { readonly kind: "enable" }
    | { readonly kind: "start"; readonly description: string }
    | { readonly kind: "reload"; readonly description: string }
    | { readonly kind: "certificate"; readonly path: string; readonly steps: readonly CertificateStep[] }
    | { readonly kind: "route"; readonly steps: readonly Step[] }
  );
