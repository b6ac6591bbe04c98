import * as z from "zod";
import { MapFile } from "./schema.ts";

/** A JSON Schema, as far as the docs read it. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** JSON Schema (draft 7, which editors' YAML servers read best) of zcloud.yaml. What needs the whole map is left to loadMap. */
export function mapJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(MapFile, { io: "input", target: "draft-7" });
  const about = { title: "zcloud.yaml", description: "Everything that an operator of zCloud decides." };
  return { $schema, ...about, ...schema } as JsonSchema;
}
