import { isObject, type Json, joinPointer } from "@gitops-actions/manifest";
import type { Leaf, Marks } from "./mark.ts";

/** A marked value without its marks, and the leaves that each of its fields was made from. */
export interface Unmarked {
  value: Json;
  /** By JSON Pointer. */
  leaves: Map<string, Leaf[]>;
}

/** Takes the marks off a resource; those inside the base64 of a Secret or of binary data too. */
export function unmark(resource: Json, marks: Marks): Unmarked {
  const leaves = new Map<string, Leaf[]>();
  const secret = isObject(resource) && resource.kind === "Secret";
  const walk = (value: Json, tokens: readonly string[]): Json => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...tokens, String(index)]));
    if (isObject(value))
      return Object.fromEntries(
        Object.keys(value).map((key) => [key, walk(value[key] as Json, [...tokens, key])]),
      );
    const encoded = tokens.length === 2 && (tokens[0] === "binaryData" || (secret && tokens[0] === "data"));
    const found = encoded && typeof value === "string" ? readEncoded(value, marks) : marks.read(value);
    if (found.leaves.length > 0) leaves.set(joinPointer(tokens), found.leaves);
    return found.value;
  };
  return { value: walk(resource, []), leaves };
}

function readEncoded(value: string, marks: Marks): { value: Json; leaves: Leaf[] } {
  const direct = marks.read(value);
  if (direct.leaves.length > 0) return direct;
  const { value: plain, leaves } = marks.read(Buffer.from(value, "base64").toString("utf8"));
  return leaves.length > 0
    ? { value: Buffer.from(String(plain)).toString("base64"), leaves }
    : { value, leaves };
}
