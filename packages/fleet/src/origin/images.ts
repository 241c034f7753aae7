import { isObject, type Json } from "@gitops-actions/manifest";
import type { Marks } from "./mark.ts";
import { markScalar } from "./resource.ts";
import type { Edit, SourceText } from "./text.ts";

/** Marks what entries of `images` set. A new name that another entry looks for stays as it is. */
export function markImages(
  text: SourceText,
  field: string,
  list: Json,
  names: ReadonlySet<string>,
  marks: Marks,
): Edit[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((image, index) => {
    if (!isObject(image)) return [];
    return ["newName", "newTag", "digest", "tagSuffix"].flatMap((key) => {
      const value = image[key];
      if (value === undefined || (key === "newName" && names.has(String(value)))) return [];
      return markScalar(text, 0, [field, String(index), key], value, marks) ?? [];
    });
  });
}
