import { isObject, type Json, joinPointer, valueAt } from "@gitops-actions/manifest";
import { fieldsOf } from "./kustomization.ts";
import type { Found } from "./located.ts";
import { positionOf, type SourceText } from "./text.ts";
import type { TracedResource } from "./trace.ts";

/** The `namespace` that the last of a resource's kustomizations gave it; undefined where none did, or another value. */
export function namespaceOf(
  traced: Pick<TracedResource, "transformations">,
  namespace: Json,
  kustomizations: readonly SourceText[],
): Found | undefined {
  const last = traced.transformations.findLast(({ kind }) => kind === "NamespaceTransformer");
  const text = last && kustomizations.find((each) => each.path === last.path);
  if (!text) return undefined;
  const field = fieldsOf(text).find(({ key }) => key === "namespace");
  // A builtin plugin has it among its metadata.
  const plugin = text.source.documents.findIndex(
    ({ value }) => valueAt(value, "/kind") === "NamespaceTransformer",
  );
  const [document, pointer] = plugin < 0 ? [0, `/${field?.name}`] : [plugin, "/metadata/namespace"];
  if (valueAt(text.source.documents[document]?.value, pointer) !== namespace) return undefined;
  const position = positionOf(text, document, pointer);
  return position && { text, ...position };
}

/** A field of the entry of a generator that makes a resource: its name or namespace. */
export function generatorOf(
  origin: { path: string; generator?: string },
  name: string,
  field: "name" | "namespace",
  kustomizations: readonly SourceText[],
): Found | undefined {
  const text = kustomizations.find((each) => each.path === origin.path);
  const wanted = origin.generator?.toLowerCase();
  if (wanted !== "secretgenerator" && wanted !== "configmapgenerator") return undefined;
  const list = text && fieldsOf(text).find(({ key }) => key === wanted);
  if (!text || !list || !Array.isArray(list.value)) return undefined;
  // Prefixes, suffixes and the hash stand around the entry's name; the longest that fits is meant.
  const fitting = list.value
    .map((entry, index) => ({
      index,
      name: isObject(entry) && typeof entry.name === "string" ? entry.name : "",
    }))
    .filter((entry) => entry.name !== "" && name.includes(entry.name))
    .sort((a, b) => b.name.length - a.name.length);
  const [best, second] = fitting;
  if (!best || best.name === second?.name) return undefined;
  const position = positionOf(text, 0, `/${list.name}/${best.index}/${field}`);
  return position && { text, ...position };
}

/**
 * The entry of `commonLabels`, `labels` or `commonAnnotations` that gave a field its value: of the last kustomization
 * that sets it, if to this value.
 */
export function labelOf(
  { transformations }: Pick<TracedResource, "transformations">,
  key: string,
  value: Json,
  kustomizations: readonly SourceText[],
): Found | undefined {
  for (const { path, kind } of transformations.toReversed()) {
    if (kind !== "LabelTransformer" && kind !== "AnnotationsTransformer") continue;
    const text = kustomizations.find((each) => each.path === path);
    for (const tokens of text ? pairsOf(text, kind) : []) {
      const pointer = joinPointer([...tokens, key]);
      const own = valueAt(text?.source.documents[0]?.value, pointer);
      if (!text || own === undefined) continue;
      const position = String(own) === String(value) ? positionOf(text, 0, pointer) : undefined;
      return position && { text, ...position };
    }
  }
  return undefined;
}

function pairsOf(text: SourceText, kind: string): string[][] {
  return fieldsOf(text).flatMap(({ key, name, value }) => {
    if (kind === "AnnotationsTransformer") return key === "commonannotations" ? [[name]] : [];
    if (key === "commonlabels") return [[name]];
    return key === "labels" && Array.isArray(value)
      ? value.map((_pair, index) => [name, String(index), "pairs"])
      : [];
  });
}
