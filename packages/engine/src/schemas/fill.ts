import { isObject, type Json, type JsonObject, parseManifests, writeJson } from "@gitops-actions/manifest";
import type { JsonSchema } from "./pack.ts";

/** Keywords that count fields or ask which of them are there. */
const counting = ["minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "not"];

/** Whether what a server drops and fills in before it validates can decide what a structural schema says. */
export function needsFilling(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(needsFilling);
  if (schema === null || typeof schema !== "object") return false;
  return Object.entries(schema).some(([key, value]) => counting.includes(key) || needsFilling(value));
}

/**
 * A custom resource as the API server validates it: without the nulls that its schema does not allow, and with its
 * defaults. What cannot be read stays as it is, for the engine to tell.
 */
export function fillText(text: string, schema: JsonSchema): string {
  const { resources, problems } = parseManifests(text, "");
  const [resource] = resources;
  if (!resource || resources.length > 1 || problems.length > 0) return text;
  const { metadata: _, ...properties } = fields(schema.properties);
  return writeJson(fill(resource.value, { ...schema, properties }));
}

/** apiextensions-apiserver, pkg/apiserver/schema/defaulting: PruneNonNullableNullsWithoutDefaults, then Default. */
function fill(value: Json, schema: JsonSchema): Json {
  if (Array.isArray(value)) return value.map((item) => fill(item, fields(schema.items)));
  if (!isObject(value)) return value;
  const properties = fields(schema.properties);
  const others = fields(schema.additionalProperties);
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key);
    const own = known ? fields(properties[key]) : others;
    const isDropped =
      item === null && own.nullable !== true && (known || isObject(schema.additionalProperties as Json));
    if (!isDropped) result[key] = fill(item, own);
    else if (own.default !== undefined) result[key] = own.default as Json;
  }
  for (const [key, property] of Object.entries(properties)) {
    const given = fields(property).default;
    if (given !== undefined && !Object.hasOwn(result, key))
      result[key] = fill(given as Json, fields(property));
  }
  return result;
}

function fields(value: unknown): JsonSchema {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonSchema) : {};
}
