import { isObject, type Json, joinPointer } from "@gitops-actions/manifest";
import type { Marks } from "./mark.ts";
import { type Edit, replaceScalar, type SourceText, scalarsOf } from "./text.ts";

/** Which fields must keep their values in the marked render, because kustomize decides something by them. */
export interface Guard {
  /** Whether a patch or replacement may find items of this kind's lists by their keys. */
  keys(kind: string): boolean;
  /** Whether patches or replacements choose resources by labels, or by annotations. */
  labels: boolean;
  annotations: boolean;
}

// x-kubernetes-patch-merge-key and x-kubernetes-list-map-keys of Kubernetes' types.
const mergeKeys = new Set([
  "name",
  "containerPort",
  "port",
  "protocol",
  "mountPath",
  "devicePath",
  "ip",
  "topologyKey",
  "uid",
  "type",
  "key",
]);

/** Marks every value of a file of resources that decides nothing but its own field. */
export function markResources(text: SourceText, marks: Marks, guard: Guard): Edit[] {
  return text.source.documents.flatMap(({ value }, document) => {
    if (!isObject(value)) return [];
    const items = Array.isArray(value.items) && String(value.kind).endsWith("List") ? value.items : undefined;
    if (!items) return markObject(text, document, [], value, marks, guard);
    return items.flatMap((item, index) =>
      isObject(item) ? markObject(text, document, ["items", String(index)], item, marks, guard) : [],
    );
  });
}

/** Marks one object that stands at `base` in a document. */
export function markObject(
  text: SourceText,
  document: number,
  base: readonly string[],
  object: { [key: string]: Json },
  marks: Marks,
  guard: Guard,
): Edit[] {
  const keys = guard.keys(typeof object.kind === "string" ? object.kind : "");
  const scalars = [...scalarsOf(object)];
  const fixed = new Set<number>();
  for (const { tokens } of scalars)
    if (decides(tokens, keys, guard)) fixed.add(startOf(text, document, [...base, ...tokens]));
  const edits: Edit[] = [];
  for (const { tokens, value } of scalars) {
    // An alias leads to a text that decides something elsewhere.
    if (fixed.has(startOf(text, document, [...base, ...tokens]))) continue;
    const edit = markScalar(text, document, [...base, ...tokens], value, marks);
    if (edit) edits.push(edit);
  }
  return edits;
}

function startOf(text: SourceText, document: number, tokens: readonly string[]): number {
  return text.source.locate(document, joinPointer(tokens))?.range[0] ?? -1;
}

/** Marks the value at one place; undefined for null, which cannot carry one. */
export function markScalar(
  text: SourceText,
  document: number,
  tokens: readonly string[],
  value: Json,
  marks: Marks,
): Edit | undefined {
  if (value === null) return undefined;
  const pointer = joinPointer(tokens);
  const span = text.source.locate(document, pointer);
  if (!span) return undefined;
  const position = text.place(span.line, span.column);
  return replaceScalar(
    text,
    document,
    tokens,
    marks.replace({ text, ...position, value, field: { document, pointer } }),
  );
}

/** Whether kustomize decides something by the value of this field. */
export function decides(tokens: readonly string[], keys: boolean, guard: Omit<Guard, "keys">): boolean {
  const [first, second, third] = tokens;
  if (tokens.length === 1 && (first === "apiVersion" || first === "kind")) return true;
  if (first === "metadata") {
    if (second === "name" || second === "namespace" || second === "generateName") return true;
    if (second === "labels" && guard.labels) return true;
    if (second === "annotations")
      return (
        guard.annotations || /(?:^|\.)(?:kustomize\.config\.k8s|config\.kubernetes)\.io\//.test(third ?? "")
      );
  }
  // $patch, $retainKeys, $setElementOrder/... are orders to the merge.
  if (tokens.some((token) => token.startsWith("$"))) return true;
  return keys && mergeKeys.has(tokens.at(-1) ?? "") && /^\d+$/.test(tokens.at(-2) ?? "");
}
