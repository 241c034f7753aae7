import { isObject, type Json } from "@gitops-actions/manifest";
import type { Marks } from "./mark.ts";
import { markScalar } from "./resource.ts";
import type { Edit, SourceText } from "./text.ts";

/** Marks the counts of `replicas`. */
export function markReplicas(text: SourceText, field: string, list: Json, marks: Marks): Edit[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => {
    if (!isObject(entry) || entry.count === undefined) return [];
    return markScalar(text, 0, [field, String(index), "count"], entry.count, marks) ?? [];
  });
}
