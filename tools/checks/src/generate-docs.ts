import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { dashboardFiles } from "@zcloud/daemons/dashboards";
import { mapJsonSchema } from "@zcloud/map";
import { autonomyReference } from "./autonomy-reference.ts";
import { cephHealthReference } from "./ceph-health-reference.ts";
import { composeReference } from "./compose-reference.ts";
import { errorReference } from "./error-reference.ts";
import { mapReference } from "./map-reference.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Every generated file of the repository, by its path from the root: what it must hold now. */
export function generatedFiles(): Readonly<Record<string, string>> {
  const schema = mapJsonSchema();
  const smallest = readFileSync(join(root, "deploy/maps/smallest.yaml"), "utf8");
  const dashboards = Object.entries(dashboardFiles()).map(([name, board]) => [
    `deploy/dashboards/${name}`,
    json(board),
  ]);
  return {
    ...Object.fromEntries(dashboards),
    "deploy/maps/zcloud.schema.json": json(schema),
    "docs/reference/map.md": mapReference(schema, smallest),
    "docs/reference/autonomy.md": autonomyReference(),
    "docs/reference/compose.md": composeReference(),
    "docs/reference/errors.md": errorReference(),
    "docs/reference/ceph-health.md": cephHealthReference(),
  };
}

/** JSON as the formatter leaves it: lists of plain values stand on one line where they fit. */
function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(
    /^( *"[^"]+": )\[\n([^[\]{}]*?)\n *\](,?)$/gm,
    (whole, key, items, comma) => {
      const line = `${key}[${String(items).trim().split(/\n\s*/).join(" ")}]${comma}`;
      return line.length <= 120 ? line : whole;
    },
  );
  return `${text}\n`;
}

/** What the repository has of a generated file; undefined if it isn't there. */
export function committedFile(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function main(): void {
  for (const [path, text] of Object.entries(generatedFiles())) {
    const same = committedFile(path) === text;
    if (!same) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    console.log(`${same ? "current" : "written"}  ${path}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
