import { composeName, problemAt } from "@zcloud/daemons/stack";
import type { Problem } from "@zcloud/map";

/**
 * What docker-compose says against a file, shown where it stands. Its errors name a path in several ways:
 * `validating /x/compose.yaml: services.web.ports.0 must be a string`, `services.web.command: required variable ...`,
 * `service "web" refers to undefined volume x: invalid compose project`.
 */
export function composeProblem(text: string, stderr: string, directory: string): readonly Problem[] {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/level=(warning|info|debug)/.test(line))
    .map((line) =>
      line
        .replaceAll(`${directory}/`, "")
        .replace(/^validating compose\.yaml: /, "")
        .replace(/: invalid compose project$/, ""),
    );
  const said = lines.length === 0 ? [stderr.trim() || "is not a compose file"] : lines;
  return said.map((line) => {
    const [, dotted] = /\b((?:services|volumes|networks|configs|secrets)\.[\w.[\]-]+)/.exec(line) ?? [];
    const [, service] = /^service "([^"]+)"/.exec(line) ?? [];
    const path =
      dotted !== undefined
        ? dotted
            .replace(/[.:]$/, "")
            .split(/[.[\]]+/)
            .filter((part) => part !== "")
        : service !== undefined
          ? ["services", service]
          : [];
    const numbered = path.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    const message =
      dotted === undefined ? line : line.replace(dotted, "").replace(/^(error while interpolating )?:? ?/, "");
    return problemAt(
      text,
      composeName,
      numbered,
      `docker-compose says: ${message.trim() === "" ? line : message.trim()}`,
    );
  });
}
