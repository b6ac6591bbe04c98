/** HAProxy's command line said no, or did not answer. */
export class RuntimeApiError extends Error {
  readonly code: "RUNTIME_UNREACHABLE" | "RUNTIME_REFUSED" | "RUNTIME_TIMEOUT";

  constructor(code: RuntimeApiError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RuntimeApiError";
    this.code = code;
  }
}
