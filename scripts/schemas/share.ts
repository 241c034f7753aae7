import { createHash } from "node:crypto";
import type { JsonSchema, KindSchema } from "../../packages/engine/src/schemas/pack.ts";

const smallest = 200;

/**
 * Moves subschemas that occur more than once into definitions. CRDs repeat whole types wherever they are used
 * (an ApplicationSet holds an Application's spec 60 times); kubeconform would compile every copy.
 */
export function shareSubschemas(kinds: KindSchema[]): {
  kinds: KindSchema[];
  definitions: Record<string, JsonSchema>;
} {
  const counts = new Map<string, number>();
  for (const kind of kinds) count(kind.schema, counts);
  const definitions: Record<string, JsonSchema> = {};
  const shared = kinds.map((kind) => ({
    ...kind,
    schema: mapChildren(kind.schema, (child) => share(child, counts, definitions)),
  }));
  const sorted = Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1));
  return { kinds: shared, definitions: Object.fromEntries(sorted) };
}

function count(schema: JsonSchema, counts: Map<string, number>): void {
  mapChildren(schema, (child) => {
    const text = JSON.stringify(child);
    const seen = counts.get(text) ?? 0;
    counts.set(text, seen + 1);
    // What stands inside a repeated schema is not repeated by that.
    if (seen === 0) count(child, counts);
    return child;
  });
}

function share(
  schema: JsonSchema,
  counts: Map<string, number>,
  definitions: Record<string, JsonSchema>,
): JsonSchema {
  const text = JSON.stringify(schema);
  const inner = () => mapChildren(schema, (child) => share(child, counts, definitions));
  if (text.length < smallest || (counts.get(text) ?? 0) < 2) return inner();
  const name = `shared.${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
  definitions[name] ??= inner();
  return { $ref: `#/definitions/${name}` };
}

/** The schema with every direct subschema replaced. */
function mapChildren(schema: JsonSchema, change: (child: JsonSchema) => JsonSchema): JsonSchema {
  const result: JsonSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (value === null || typeof value !== "object") result[keyword] = value;
    else if (keyword === "properties") {
      const fields = Object.entries(value as Record<string, JsonSchema>);
      result[keyword] = Object.fromEntries(fields.map(([name, field]) => [name, change(field)]));
    } else if (keyword === "items" || keyword === "additionalProperties" || keyword === "not") {
      result[keyword] = change(value as JsonSchema);
    } else if (keyword === "allOf" || keyword === "anyOf" || keyword === "oneOf") {
      result[keyword] = (value as JsonSchema[]).map(change);
    } else result[keyword] = value;
  }
  return result;
}
