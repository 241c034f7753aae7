import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { findKind, type SchemaSet } from "@gitops-actions/engine";
import {
  formatIdentity,
  isObject,
  type JsonObject,
  parseManifests,
  writeJson,
} from "@gitops-actions/manifest";
import { unpackArchives } from "../../corpora/archives.ts";
import { renderCorpora } from "../judge/corpora.ts";
import type { Sample } from "./compare.ts";

/** What public repositories render, of the kinds that a version has: each document once, in the namespace that is asked. */
export async function renderSamples(schemas: SchemaSet, corpora: string): Promise<Sample[]> {
  const { archives, temporary } = unpackArchives(corpora);
  try {
    const samples = new Map<string, Sample>();
    for (const { from, text } of await renderCorpora(archives, availableParallelism())) {
      for (const { id, value } of parseManifests(text, from).resources) {
        if (!findKind(schemas, id) || id.kind.endsWith("List")) continue;
        const moved = toDefault(value);
        samples.set(writeJson(moved), { what: `${from}: ${formatIdentity(id)}`, value: moved });
      }
    }
    return [...samples.values()];
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function toDefault(value: JsonObject): JsonObject {
  if (!isObject(value.metadata) || !value.metadata.namespace) return value;
  return { ...value, metadata: { ...value.metadata, namespace: "default" } };
}
