import type { CelRules } from "./cel.ts";

/** A JSON Schema (draft 4, as kubeconform reads it by default). */
export type JsonSchema = { [keyword: string]: unknown };

/** The schema of one kind of resource. References in it are `#/definitions/NAME` of its pack. */
export interface KindSchema {
  group: string;
  version: string;
  kind: string;
  /** Known only for kinds that are stored (not for reviews and lists). */
  namespaced?: boolean;
  /** False when the definition lists the version and the server does not offer it. */
  served?: boolean;
  /** The warning that the server gives, where the version is deprecated. */
  deprecated?: string;
  /** Rules in CEL, which are not part of the schema; known only of definitions in the fleet. */
  cel?: CelRules;
  schema: JsonSchema;
  /** The schema as its definition has it, where what a server drops and fills in decides; of the fleet's definitions only. */
  structural?: JsonSchema;
}

/** Schemas that belong together: those of one Kubernetes version, or those of one project's custom resources. */
export interface SchemaPack {
  version: 1;
  name: string;
  /** Exact version of the API server, only in packs of Kubernetes itself. */
  kubernetes?: string;
  /** Where the schemas were read, for people. */
  source: string;
  /** Sorted by group, version, kind. Schemas are strict: `looseSchema` drops what makes them so. */
  kinds: KindSchema[];
  definitions: Record<string, JsonSchema>;
}

/** The same schema without the refusal of unknown fields. */
export function looseSchema(schema: JsonSchema): JsonSchema {
  return loosen(schema) as JsonSchema;
}

function loosen(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((item) => loosen(item));
  if (value === null || typeof value !== "object") return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    // Under `properties` the keys are field names: a field may well be called additionalProperties.
    if (!isMap && key === "additionalProperties" && item === false) continue;
    result[key] = loosen(
      item,
      !isMap && (key === "properties" || key === "definitions" || key === "patternProperties"),
    );
  }
  return result;
}
