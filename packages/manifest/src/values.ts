import type { MappingNode, Node } from "./compose.ts";
import type { Json, JsonObject } from "./resource.ts";

/** The value a node stands for. Aliases share one value; merge keys are followed in the order in
 * which they stand, so the later of a merge key and a field wins (go.yaml.in/yaml/v2, `mapping` and `merge` in decode.go). */
export function toJson(root: Node): Json {
  const shared = new Map<Node, Json>();
  const convert = (node: Node): Json => {
    switch (node.kind) {
      case "scalar":
        return node.value;
      case "alias": {
        const known = shared.get(node.target);
        if (known !== undefined) return known;
        const value = convert(node.target);
        shared.set(node.target, value);
        return value;
      }
      case "sequence":
        return node.items.map(convert);
      case "mapping":
        return convertMapping(node, convert);
    }
  };
  return convert(root);
}

function convertMapping(node: MappingNode, convert: (node: Node) => Json): JsonObject {
  const object: JsonObject = {};
  for (const entry of node.entries) {
    const value = convert(entry.value);
    if (!entry.merge) setOwn(object, entry.key, value);
    else for (const merged of Array.isArray(value) ? value.toReversed() : [value]) assign(object, merged);
  }
  return object;
}

function assign(object: JsonObject, merged: Json): void {
  if (!isObject(merged)) return;
  for (const key of Object.keys(merged)) setOwn(object, key, merged[key] as Json);
}

/** Sets a field whatever its name: `__proto__` is a field like any other. */
export function setOwn(object: JsonObject, key: string, value: Json): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

/** True for a mapping (not for null, not for a list). */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Deep equality. The number 1 and the string "1" differ; the order of keys does not count, that of items does. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return typeof a === "number" && typeof b === "number" && Number.isNaN(a) && Number.isNaN(b);
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => equalJson(item, b[index]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]));
}

/** JSON text of a value, keys sorted, big integers as digits: equal values give equal texts. `indent` counts spaces. */
export function writeJson(value: Json | undefined, indent = 0, sorted = true): string {
  const write = (item: Json, depth: number): string => {
    if (typeof item === "bigint") return item.toString();
    if (typeof item === "number" && !Number.isFinite(item))
      return Number.isNaN(item) ? ".nan" : item > 0 ? ".inf" : "-.inf";
    if (typeof item !== "object" || item === null) return JSON.stringify(item);
    const isList = Array.isArray(item);
    const parts = isList
      ? item.map((child) => write(child, depth + 1))
      : (sorted ? Object.keys(item).sort() : Object.keys(item)).map(
          (key) => `${JSON.stringify(key)}:${indent ? " " : ""}${write(item[key] as Json, depth + 1)}`,
        );
    const [open, close] = isList ? "[]" : "{}";
    if (parts.length === 0) return `${open}${close}`;
    if (!indent) return `${open}${parts.join(",")}${close}`;
    const pad = `\n${" ".repeat(indent * (depth + 1))}`;
    return `${open}${pad}${parts.join(`,${pad}`)}\n${" ".repeat(indent * depth)}${close}`;
  };
  if (value === undefined) return "";
  return !sorted && isNative(value) ? JSON.stringify(value, null, indent) : write(value, 0);
}

/** Whether JavaScript's own writer, which is many times faster, knows every value in it. */
function isNative(value: Json): boolean {
  if (typeof value === "bigint") return false;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isNative);
  return !isObject(value) || Object.values(value).every((item) => isNative(item!));
}
