import { isObject, type Json, splitPointer } from "@gitops-actions/manifest";
import type { Marks } from "./mark.ts";
import { decides, type Guard, markObject, markScalar } from "./resource.ts";
import { type Edit, type SourceText, scalarsOf } from "./text.ts";

/** Marks the values that a patch sets: a strategic merge patch, or the operations of JSON 6902. */
export function markPatch(text: SourceText, marks: Marks, guard: Guard): Edit[] {
  return text.source.documents.flatMap(({ value }, document) => {
    if (Array.isArray(value))
      return value.flatMap((item, index) => markOperation(text, document, index, item, marks, guard));
    return isObject(value)
      ? markObject(text, document, [], value, marks, { ...guard, keys: () => true })
      : [];
  });
}

function markOperation(
  text: SourceText,
  document: number,
  index: number,
  operation: Json,
  marks: Marks,
  guard: Guard,
): Edit[] {
  if (!isObject(operation) || typeof operation.path !== "string" || operation.op === "test") return [];
  if (!Object.hasOwn(operation, "value")) return [];
  const path = splitPointer(operation.path);
  const edits: Edit[] = [];
  for (const { tokens, value } of scalarsOf(operation.value as Json)) {
    // `-` is the place behind a list's last item.
    const target = [...path, ...tokens].map((token) => (token === "-" ? "0" : token));
    if (decides(target, true, guard)) continue;
    const edit = markScalar(text, document, [String(index), "value", ...tokens], value, marks);
    if (edit) edits.push(edit);
  }
  return edits;
}

/** The kinds whose lists a text's strategic merge patches go into; "" stands for a patch that names none. */
export function patchedKinds(value: Json): string[] {
  if (!isObject(value)) return [];
  return [typeof value.kind === "string" ? value.kind : ""];
}
