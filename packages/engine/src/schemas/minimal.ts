import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";

/** Keys of a schema that say nothing about what is valid. */
const prose: ReadonlySet<string> = new Set(["description", "title", "example", "externalDocs"]);

/** A CustomResourceDefinition with what validation needs, and nothing that a cluster or a person added. */
export function minimalDefinition(definition: JsonObject): JsonObject {
  const spec = object(definition.spec);
  const versions = Array.isArray(spec.versions) ? spec.versions.filter(isObject) : [];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: pick(object(definition.metadata), ["name"]),
    spec: {
      ...pick(spec, ["group", "scope"]),
      names: pick(object(spec.names), ["kind", "plural", "singular", "listKind"]),
      versions: versions.map((version) => ({
        ...pick(version, ["name", "served", "storage", "deprecated", "deprecationWarning", "subresources"]),
        ...(version.schema !== undefined && { schema: bare(version.schema) }),
      })),
    },
  };
}

/** Writes one file a definition, named after it; the same definitions give the same bytes. Answers the names, sorted. */
export function writeDefinitions(folder: string, definitions: readonly JsonObject[]): string[] {
  mkdirSync(folder, { recursive: true });
  const names = definitions.map((definition) => {
    const minimal = minimalDefinition(definition);
    const name = String(object(minimal.metadata).name).replaceAll(/[^a-z0-9.-]/g, "_");
    writeFileSync(join(folder, `${name}.json`), `${writeJson(minimal, 1)}\n`);
    return `${name}.json`;
  });
  return [...new Set(names)].sort();
}

/** Under `properties` keys are names of fields: one may well be called description. */
function bare(value: Json, isFields = false): Json {
  if (Array.isArray(value)) return value.map((item) => bare(item));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => isFields || !prose.has(key));
  return Object.fromEntries(
    kept.map(([key, item]) => [
      key,
      key === "default" || key === "enum" ? item : bare(item, !isFields && key === "properties"),
    ]),
  );
}

function pick(from: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
}

function object(value: Json | undefined): JsonObject {
  return value !== undefined && isObject(value) ? value : {};
}
