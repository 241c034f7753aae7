import type { Json } from "./resource.ts";
import { isObject } from "./values.ts";

/** Joins the names and indices on the way to a field into a JSON Pointer (RFC 6901). */
export function joinPointer(tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The unescaped tokens of a JSON Pointer; none for "". */
export function splitPointer(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at a JSON Pointer; undefined when there is none. */
export function valueAt(root: Json | undefined, pointer: string): Json | undefined {
  let value = root;
  for (const token of splitPointer(pointer)) value = childOf(value, token);
  return value;
}

/** The field or item of that name or index; undefined when there is none. */
export function childOf(value: Json | undefined, token: string): Json | undefined {
  if (Array.isArray(value)) return /^(0|[1-9][0-9]*)$/.test(token) ? value[Number(token)] : undefined;
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}
