import { childOf, equalJson, isObject, type Json, mergeKey } from "@gitops-actions/manifest";

/**
 * Finds in another reading of a resource the field that a path leads to in this one. Items of lists are paired by the
 * fields that name them, else by position where both lists are of one length, else by equal value.
 */
export function alignPath(
  value: Json,
  other: Json | undefined,
  tokens: readonly string[],
): string[] | undefined {
  const path: string[] = [];
  let here: Json | undefined = value;
  let there = other;
  let list = "";
  for (const token of tokens) {
    if (here === undefined || there === undefined) return undefined;
    const next = Array.isArray(here) ? alignItem(here, there, Number(token), list) : token;
    if (next === undefined) return undefined;
    const child = childOf(there, next);
    if (child === undefined) return undefined;
    path.push(next);
    if (!Array.isArray(here)) list = token;
    here = childOf(here, token);
    there = child;
  }
  return path;
}

function alignItem(here: readonly Json[], there: Json, index: number, list: string): string | undefined {
  if (!Array.isArray(there)) return undefined;
  const item = here[index];
  const fields = isObject(item) ? mergeKey(list, here, there) : undefined;
  if (fields && isObject(item)) {
    const same = there.flatMap((other, at) =>
      isObject(other) && fields.every((field) => equalJson(fieldOf(other, field), fieldOf(item, field)))
        ? [at]
        : [],
    );
    if (same.length > 0) return same.length === 1 ? String(same[0]) : undefined;
  }
  if (here.length === there.length) return String(index);
  const equal = there.flatMap((other, at) => (item !== undefined && equalJson(other, item) ? [at] : []));
  return equal.length === 1 ? String(equal[0]) : undefined;
}

function fieldOf(item: Json, field: string): Json | undefined {
  return field === "metadata.name" ? childOf(childOf(item, "metadata"), "name") : childOf(item, field);
}
