import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";

/** One page of a list. */
export interface Page {
  objects: JsonObject[];
  /** Token of the next page; undefined on the last. */
  next: string | undefined;
}

/** Reads one page; undefined when the body is not a whole list. Items of a list do not name their kind: it is added. */
export function parsePage(body: string, kind: string): Page | undefined {
  let list: Json;
  try {
    list = JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
  if (!isObject(list) || typeof list.kind !== "string" || !list.kind.endsWith("List")) return undefined;
  if (!Array.isArray(list.items) && list.items !== null) return undefined;
  const { apiVersion } = list;
  const items = (list.items ?? []).filter(isObject);
  const next = isObject(list.metadata) ? list.metadata.continue : undefined;
  return {
    objects: items.map((item) => ({ apiVersion: apiVersion ?? null, kind, ...item })),
    next: typeof next === "string" && next !== "" ? next : undefined,
  };
}
