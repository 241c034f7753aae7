import type { JsonSchema } from "./pack.ts";

/** Names of the fields that a standalone schema knows at a JSON Pointer; empty when the place is free-form or not there. */
export function knownFields(schema: JsonSchema, pointer: string): string[] {
  let here: JsonSchema | undefined = resolve(schema, schema);
  for (const token of pointer.split("/").slice(1)) {
    if (!here) return [];
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    const properties = here.properties as Record<string, JsonSchema> | undefined;
    const isIndex = /^\d+$/.test(name) && here.items !== undefined;
    const next = properties?.[name] ?? (isIndex ? here.items : here.additionalProperties);
    here = next !== null && typeof next === "object" ? resolve(next as JsonSchema, schema) : undefined;
  }
  return Object.keys((here?.properties as object | undefined) ?? {});
}

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  const reference = schema.$ref;
  if (typeof reference !== "string") return schema;
  const definitions = root.definitions as Record<string, JsonSchema> | undefined;
  return definitions?.[reference.slice("#/definitions/".length)];
}
