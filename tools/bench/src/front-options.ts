export const frontParts = ["compare", "scale", "certificates", "failures"] as const;

/** `--routes`, `--certificates` and `--quick` of `npm run bench -- front`. */
export interface FrontOptions {
  /** Of our front, Caddy and nginx in the comparison. */
  readonly routes: number;
  /** Of the controller and of changes. */
  readonly scale: { readonly routes: number; readonly certificates: number };
  /** New names, each with certificate and three servers. */
  readonly changes: number;
  /** Undefined: all of them. */
  readonly only: (typeof frontParts)[number] | undefined;
  /** Few rounds, for trying. */
  readonly quick: boolean;
}
