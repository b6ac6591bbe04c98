import type { RunResult } from "@zcloud/host";

/** What came back from one request by curl. */
export interface HttpAnswer {
  /** curl's exit status (curl(1), EXIT CODES); 0: there was an answer. */
  readonly exit: number;
  /** 0 if there was no answer. */
  readonly status: number;
  /** Names in lower case; the last one counts where a name comes twice. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What curl complained about. */
  readonly error: string;
}

/** Reads `curl --include`'s output: informational answers (RFC 9110, 15.2) first, then the answer itself. */
export function parseAnswer({ status: exit, stdout, stderr }: RunResult): HttpAnswer {
  let rest = stdout;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    const match = /^HTTP\/[\d.]+ (\d{3})/.exec(rest);
    if (end === -1 || match === null) return { exit, status: 0, headers: {}, body: rest, error: stderr.trim() };
    const status = Number(match[1]);
    const lines = rest.slice(0, end).split("\r\n").slice(1);
    rest = rest.slice(end + 4);
    if (status >= 200) return { exit, status, headers: headersOf(lines), body: rest, error: stderr.trim() };
  }
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
