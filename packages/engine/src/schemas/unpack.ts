import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findKind, type SchemaSet } from "./lookup.ts";
import { type JsonSchema, type KindSchema, looseSchema } from "./pack.ts";

const prefix = "#/definitions/";

/** Where kubeconform looks in a folder of unpacked schemas: the full group, so that kinds of like-named groups stay apart. */
export const schemaTemplate = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json";

/** Path of a kind's schema in such a folder. kubeconform lower-cases the kind and takes "v1" for the core group's name. */
export function schemaPath(id: { group: string; version: string; kind: string }): string {
  return `${id.group || id.version}/${id.kind.toLowerCase()}_${id.version}.json`;
}

/**
 * A kind's schema with just the definitions it reaches, as one document.
 * Not one shared `_definitions.json`: kubeconform reads and checks such a file anew for every kind (25 ms each).
 */
export function standaloneSchema(
  kind: KindSchema,
  definitions: Record<string, JsonSchema>,
  strict: boolean,
): JsonSchema {
  const reached = new Set<string>();
  const waiting = referencesOf(kind.schema);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const definition = definitions[name];
    if (definition) waiting.push(...referencesOf(definition));
  }
  const used = Object.fromEntries([...reached].sort().map((name) => [name, definitions[name]!]));
  const schema = { ...kind.schema, ...(reached.size > 0 && { definitions: used }) };
  return strict ? schema : looseSchema(schema);
}

/** A schema as kubeconform reads it. Equal digests: equal schemas. */
export interface SchemaText {
  digest: string;
  text: string;
  /** By which documents are filled before they are held against it (`fillText`). */
  structural?: JsonSchema;
}

type KindId = { group: string; version: string; kind: string };

/**
 * A memory over `standaloneSchema`: the schema of a kind in a set, undefined when the set has none. Sets with the same
 * definitions may share `made`.
 */
export function schemaSource(
  set: SchemaSet,
  strict: boolean,
  made: Map<KindSchema, SchemaText> = new Map(),
): (id: KindId) => SchemaText | undefined {
  const lists = new Map<string, KindSchema>();
  return (id) => {
    const path = schemaPath(id);
    const kind = lists.get(path) ?? findKind(set, id);
    if (!kind) return undefined;
    // `findKind` makes the kind of a list anew each time.
    if (!set.kinds.has(`${id.group}/${id.version}/${id.kind}`)) lists.set(path, kind);
    const known = made.get(kind);
    if (known) return known;
    const text = JSON.stringify(standaloneSchema(kind, set.definitions, strict));
    const { structural } = kind;
    const schema: SchemaText = {
      ...(structural && { structural }),
      text,
      digest: createHash("sha256").update(text).digest("hex"),
    };
    made.set(kind, schema);
    return schema;
  };
}

function referencesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesOf);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === "$ref" && typeof item === "string" && item.startsWith(prefix)
      ? [item.slice(prefix.length)]
      : referencesOf(item),
  );
}

/** Writes one file a kind into `folder`, in the layout of `schemaTemplate`. */
export function writeSchemas(folder: string, schemas: Iterable<{ path: string; text: string }>): void {
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of schemas) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
