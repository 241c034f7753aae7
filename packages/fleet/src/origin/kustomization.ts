import { isObject, type Json } from "@gitops-actions/manifest";
import type { SourceText } from "./text.ts";

/** The fields of a kustomization, with their keys in lower case as well: kustomize ignores case. */
export function fieldsOf(text: SourceText): { key: string; name: string; value: Json }[] {
  const value = text.source.documents[0]?.value;
  if (!isObject(value)) return [];
  return Object.keys(value).map((name) => ({ key: name.toLowerCase(), name, value: value[name] as Json }));
}
