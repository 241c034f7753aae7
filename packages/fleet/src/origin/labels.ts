import { isObject, type Json } from "@gitops-actions/manifest";
import type { Marks } from "./mark.ts";
import { markScalar } from "./resource.ts";
import type { Edit, SourceText } from "./text.ts";

/** Marks the values of a mapping of labels or annotations: `commonLabels`, `labels[].pairs`, `generatorOptions.labels`. */
export function markPairs(
  text: SourceText,
  tokens: readonly string[],
  pairs: Json | undefined,
  marks: Marks,
): Edit[] {
  if (!isObject(pairs)) return [];
  return Object.keys(pairs).flatMap(
    (key) => markScalar(text, 0, [...tokens, key], pairs[key] as Json, marks) ?? [],
  );
}
