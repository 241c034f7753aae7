import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";
import type { Shape } from "./shape.ts";

/** What the API server puts into a key field that is left out, before it tells items apart. */
const keyDefaults: Readonly<Record<string, string>> = { protocol: "TCP" };

/**
 * For each item of Git's list the position of its partner in the live list, undefined where it has none. The answer
 * itself is undefined when the lists can only be compared as a whole and differ in length.
 */
export function pairItems(
  desired: readonly Json[],
  live: readonly Json[],
  shape: Pick<Shape, "list">,
): (number | undefined)[] | undefined {
  const { list } = shape;
  if (list === undefined)
    return desired.length === live.length ? desired.map((_, index) => index) : undefined;
  const name = list === "set" ? writeJson : (item: Json) => itemName(item, list);
  // Client-side apply lets a name stand twice: the first goes with the first.
  const waiting = new Map<string, number[]>();
  for (const [index, item] of live.entries()) {
    const key = name(item);
    waiting.set(key, [...(waiting.get(key) ?? []), index]);
  }
  return desired.map((item) => waiting.get(name(item))?.shift());
}

/** The key fields of an item as text, with the server's defaults for those that are left out. */
export function itemName(item: Json, keys: readonly string[]): string {
  if (!isObject(item)) return writeJson(item);
  return writeJson(keys.map((key) => keyOf(item, key)));
}

function keyOf(item: JsonObject, key: string): Json {
  const value = Object.hasOwn(item, key) ? item[key] : undefined;
  return value === undefined || value === null || value === "" ? (keyDefaults[key] ?? null) : value;
}
