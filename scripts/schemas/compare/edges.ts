// Values at the edges of what the server's rules over one field allow (edges.yaml), each in an otherwise good manifest.
import { readFileSync } from "node:fs";
import { findKind, type SchemaSet } from "@gitops-actions/engine";
import { type Json, type JsonObject, parseManifests, splitPointer } from "@gitops-actions/manifest";
import { parse } from "yaml";
import type { Sample } from "./compare.ts";

type Edges = Record<string, Record<string, Json[]>>;

/** The documents of edges.yaml of kinds that a version has, in the order of the file. */
export function drawEdges(schemas: SchemaSet): Sample[] {
  const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
  const good = parseManifests(read("good.yaml"), "good.yaml").resources;
  return Object.entries(parse(read("edges.yaml")) as Edges).flatMap(([key, fields]) => {
    const found = good.find(({ id }) => `${id.kind}/${id.name}` === key && findKind(schemas, id));
    if (!found && !good.some(({ id }) => `${id.kind}/${id.name}` === key))
      throw new Error(`edges.yaml: good.yaml has no ${key}`);
    return found
      ? Object.entries(fields).flatMap(([field, values]) => samplesOf(found.value, field, values))
      : [];
  });
}

function samplesOf(origin: JsonObject, field: string, values: readonly Json[]): Sample[] {
  return values.map((given) => {
    const value = structuredClone(origin);
    put(value, splitPointer(field), given);
    return { what: `${origin.kind}: ${field} ${JSON.stringify(given)}`, value };
  });
}

function put(parent: JsonObject, [key, ...rest]: string[], value: Json): void {
  if (rest.length > 0) {
    parent[key!] ??= {};
    put(parent[key!] as JsonObject, rest, value);
  } else parent[key!] = value;
}
