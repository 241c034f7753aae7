import { isObject } from "@gitops-actions/manifest";
import { fieldsOf } from "./kustomization.ts";
import { patchedKinds } from "./patch.ts";
import type { Guard } from "./resource.ts";
import type { KustomizeTexts } from "./texts.ts";

/** The names that `images` look for, in every kustomization of an overlay. */
export function imageNames(texts: KustomizeTexts): Set<string> {
  const names = new Set<string>();
  for (const text of texts.kustomizations) {
    for (const { key, value } of fieldsOf(text)) {
      if (key !== "images" || !Array.isArray(value)) continue;
      for (const image of value) if (isObject(image) && typeof image.name === "string") names.add(image.name);
    }
  }
  return names;
}

/** Which fields the kustomizations of an overlay may decide something by. */
export function guardOf(texts: KustomizeTexts): Guard {
  const kinds = new Set<string>();
  let labels = false;
  let annotations = false;
  for (const { text } of texts.patches) {
    for (const { value } of text.source.documents)
      if (value !== undefined) for (const kind of patchedKinds(value)) kinds.add(kind);
  }
  for (const text of texts.kustomizations) {
    labels ||= /\blabelSelector\b/i.test(text.source.text);
    annotations ||= /\bannotationSelector\b/i.test(text.source.text);
    // A replacement may find an item by its key: `containers.[name=app]`.
    if (/^\s*(?:- )?replacements:/m.test(text.source.text)) kinds.add("");
    for (const { key, value } of fieldsOf(text)) {
      if (key !== "patches" || !Array.isArray(value)) continue;
      for (const item of value) {
        const target = isObject(item) && isObject(item.target) ? item.target : undefined;
        const kind = typeof target?.kind === "string" ? target.kind : "";
        if (target) kinds.add(/^\w+$/.test(kind) ? kind : "");
      }
    }
  }
  return { keys: (kind) => kinds.has(kind) || kinds.has(""), labels, annotations };
}
